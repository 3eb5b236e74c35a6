"""Holds a lock of the operating system on a file until standard input ends, as it does when the parent dies in whatever way. Argument: file."""
import fcntl
import select
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
with open(sys.argv[1], 'a') as file:
    said = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not said:
                print('waiting', flush=True)
            said = True
            if select.select([sys.stdin], [], [], 0.1)[0]:
                sys.exit()
            continue
        except OSError:  # a file system without locks
            print('unlocked', flush=True)
            break
        print('locked', flush=True)
        break
    sys.stdin.read()
