@echo off
rem The command line of the packaged app, on the Node that the app carries.
"%~dp0..\node\node.exe" "%~dp0..\app.asar.unpacked\src-main\doors\cli\main.ts" %*
