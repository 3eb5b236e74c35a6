import { app, dialog, Menu, protocol, screen, session, type BrowserWindow } from 'electron';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { outliveReaders } from '../../files/outliveReaders.ts';
import { defaultWorkspace } from '../defaultWorkspace.ts';
import { withAbsolutePaths } from './absolutePaths.ts';
import { bundledFolder, iconPath, unpackedFolder } from './appFolders.ts';
import { appOrigin, scheme, serveAppProtocol } from './appProtocol.ts';
import { commandLineIn, runCommandLine } from './commandLine.ts';
import { guardAllContents } from './guardContents.ts';
import { openIpcDoor } from './ipcDoor.ts';
import { showJobs } from './jobSignals.ts';
import { keptFile } from './keptFile.ts';
import { menuTemplate } from './menuTemplate.ts';
import { openedWith, relaunchOptions, type Opened } from './openedWith.ts';
import { askForRemote } from './remoteWorkbench.ts';
import { secureWindow } from './secureWindow.ts';
import { startWorkbench } from './startWorkbench.ts';
import { followWindow, placeOfWindow, windowStateSchema } from './windowState.ts';

/** The arguments of another start, in their order: Chromium reorders those that it passes on itself. */
const handedArguments = z.array(z.string());
const log = (line: string) => {
  process.stderr.write(`${line}\n`);
};
const executable = process.platform === 'win32' ? 'node.exe' : 'node';
const node =
  app.isPackaged && unpackedFolder !== bundledFolder
    ? join(process.resourcesPath, 'node', executable)
    : join(unpackedFolder, 'node_modules', 'node', 'bin', executable);
const restartOptions = (opened: Opened) =>
  relaunchOptions({ args: process.argv.slice(1), env: process.env, ...opened });

async function main(): Promise<void> {
  outliveReaders(); // the terminal that started the app may be closed
  const started = openedWith(process.argv.slice(1), process.cwd());
  const workspace = started.workspace ?? defaultWorkspace();
  const given = started.experiment === null ? [] : [started.experiment];
  app.on('open-file', (event, path) => {
    // macOS reports a double click like this, even before there is a window.
    event.preventDefault();
    given.push(path);
  });
  // The window is made while the workbench opens: its first calls wait.
  const workbench = startWorkbench({
    node,
    program: join(unpackedFolder, 'src-main', 'doors', 'electron', 'workbenchProcess.ts'),
    args: [workspace],
    cache: join(app.getPath('userData'), 'compileCache'),
  });
  await app.whenReady();
  guardAllContents();
  const recent = keptFile(join(app.getPath('userData'), 'recentWorkspaces.json'), z.array(z.string()).max(8), []);
  recent.write([workspace, ...recent.read().filter((folder) => folder !== workspace)].slice(0, 8));
  serveAppProtocol(session.defaultSession.protocol, {
    renderer: join(bundledFolder, 'dist', 'renderer'),
    workbench,
    log,
  });

  const state = keptFile(join(app.getPath('userData'), 'window.json'), windowStateSchema, {
    bounds: null,
    maximized: false,
  });
  const before = state.read();
  const window = secureWindow(appOrigin, {
    ...placeOfWindow(
      before,
      screen.getAllDisplays().map(({ workArea }) => workArea),
    ),
    minWidth: 1024,
    minHeight: 640,
    show: false,
    title: 'ArcBench',
    preload: join(bundledFolder, 'dist', 'electron', 'preload.cjs'),
  });
  const stateOfWindow = followWindow(window, before);
  if (before.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    log(`The screens ended (${reason}); they are loaded again.`);
    if (reason !== 'clean-exit') window.reload();
  });
  openIpcDoor(window, workbench, log);
  showJobs(window, workbench);

  let leaving = false;
  /** Closes the workbench, asking first where something runs, and ends the app. */
  const leave = async (again: Opened | null): Promise<void> => {
    if (leaving || ((await workbench.busy().catch(() => false)) && !(await confirmed(window)))) return;
    leaving = true;
    state.write(stateOfWindow());
    await workbench.close();
    if (again) app.relaunch(restartOptions(again));
    app.exit(0);
  };
  const asks = (event: { preventDefault(): void }) => {
    event.preventDefault(); // app.exit ends it when the workbench is closed
    void leave(null);
  };
  window.on('close', asks);
  window.on('closed', () => {
    // Closed without a question, as when the display ends: what runs is saved.
    if (leaving) return;
    leaving = true;
    void workbench.close().finally(() => app.exit(0));
  });
  app.on('before-quit', asks);
  workbench.opened
    .then(() => workbench.ended)
    .then(
      async ({ asked, reason }) => {
        if (asked) return;
        const { response } = await dialog.showMessageBox(window, {
          type: 'error',
          message: 'The workbench ended unexpectedly.',
          detail: `${reason}\n\nRuns that were training can be resumed on Live, from their last checkpoint.`,
          buttons: ['Start Again', 'Quit'],
          defaultId: 0,
          cancelId: 1,
        });
        if (response === 0) app.relaunch(restartOptions({ workspace: null, experiment: null }));
        app.exit(1);
      },
      async (error: Error) => {
        await dialog.showMessageBox(window, {
          type: 'error',
          message: 'ArcBench could not open its workspace.',
          detail: error.message,
        });
        app.exit(1);
      },
    )
    .catch((error: unknown) => log(String(error)));

  /** Asks whether to leave this workspace for one that another start names. */
  const moveTo = async (other: Opened): Promise<void> => {
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: `Open the workspace ${other.workspace}?`,
      detail: `This window shows ${workspace}, and ArcBench opens one workspace at a time.`,
      buttons: ['Open', 'Stay Here'],
      defaultId: 0,
      cancelId: 1,
    });
    if (response === 0) await leave(other);
  };
  const open = async (path: string): Promise<void> => {
    try {
      workbench.open(dirname(path)); // its weights and pairs may lie beside it
      const { id } = (await workbench.call('experiments.save', {
        id: null,
        yaml: withAbsolutePaths(await readFile(path, 'utf8'), dirname(path)),
      })) as { id: string };
      await window.loadURL(`${appOrigin}/#/experiment/${encodeURIComponent(id)}`);
    } catch (error) {
      await dialog.showMessageBox(window, {
        type: 'error',
        message: `${path} could not be opened.`,
        detail: error instanceof ArcBenchError ? error.message : 'It cannot be read.',
      });
    }
  };
  app.removeAllListeners('open-file').on('open-file', (event, path) => {
    event.preventDefault();
    void open(path);
  });
  app.on('second-instance', (_event, reordered, folder, handed) => {
    if (window.isMinimized()) window.restore();
    window.focus();
    const args = handedArguments.safeParse(handed);
    const other = openedWith(args.success ? args.data : reordered.slice(1), folder);
    if (other.workspace !== null && other.workspace !== workspace) void moveTo(other);
    else if (other.experiment !== null) void open(other.experiment);
  });
  const copyright = 'MIT licence';
  const credits = 'What does ArcFace buy over plain cross-entropy, on your machine and your faces?';
  app.setAboutPanelOptions({ applicationName: 'ArcBench', applicationVersion: app.getVersion(), copyright, credits });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate({
        recent: recent.read().filter((folder) => folder !== workspace),
        platform: process.platform,
        packaged: app.isPackaged,
        actions: {
          openWorkspace: () =>
            void chosen(window, { title: 'Open workspace', properties: ['openDirectory', 'createDirectory'] }).then(
              (folder) => (folder === null ? undefined : leave({ workspace: folder, experiment: null })),
            ),
          openRecent: (folder) => void leave({ workspace: folder, experiment: null }),
          openExperiment: () =>
            void chosen(window, {
              title: 'Open experiment',
              properties: ['openFile'],
              filters: [{ name: 'Experiments', extensions: ['yaml', 'yml'] }],
            }).then((path) => (path === null ? undefined : open(path))),
          openRemote: () => askForRemote(window),
          about: () =>
            void dialog.showMessageBox(window, {
              title: 'About ArcBench',
              message: `ArcBench ${app.getVersion()}`,
              detail:
                `${credits}\n\n${copyright}. Electron ${process.versions['electron']}, Chromium ` +
                `${process.versions['chrome']}.`,
              icon: iconPath,
              buttons: ['Close'],
            }),
        },
      }),
    ),
  );
  await window.loadURL(`${appOrigin}/`);
  for (const path of given) await open(path);
}

async function confirmed(window: BrowserWindow): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: 'Something is still running.',
    detail: 'Quitting saves a checkpoint of a run first, and the run can be resumed.',
    buttons: ['Save and Quit', 'Keep Running'],
    defaultId: 1,
    cancelId: 1,
  });
  return response === 0;
}

async function chosen(window: BrowserWindow, options: Electron.OpenDialogOptions): Promise<string | null> {
  return (await dialog.showOpenDialog(window, options)).filePaths[0] ?? null;
}

app.setName('ArcBench');
app.enableSandbox();
const words = commandLineIn(process.argv.slice(1));
protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
if (words !== null)
  runCommandLine(app, { node, program: join(unpackedFolder, 'src-main', 'doors', 'cli', 'main.ts'), args: words });
else if (app.requestSingleInstanceLock(process.argv.slice(1))) {
  main().catch((error: unknown) => {
    log(`ArcBench failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    app.exit(1);
  });
} else app.quit();
