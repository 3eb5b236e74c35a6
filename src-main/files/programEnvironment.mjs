import { delimiter, dirname, isAbsolute, resolve } from 'node:path';
import { isMemorySetting } from './memoryEnvironment.mjs';

/** Variables that a program of the system may see: where things are, languages, networks, compilers, cards. */
const passedOn = new RegExp(
  `^(${[
    'PATH|HOME|USER|LOGNAME|SHELL|TERM|COLUMNS|LINES|COLORTERM|NO_COLOR|FORCE_COLOR|CI|TZ',
    'LANG|LANGUAGE|LC_\\w+|XDG_\\w+|TMPDIR|TEMP|TMP',
    'https?_proxy|all_proxy|no_proxy|ftp_proxy|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|NODE_EXTRA_CA_CERTS|NETRC',
    'PIP_\\w+|npm_config_.+|NPM_TOKEN|NODE_AUTH_TOKEN',
    'CXX|CC|CPATH|CPLUS_INCLUDE_PATH|LIBRARY_PATH|LD_LIBRARY_PATH|DYLD_(FALLBACK_)?LIBRARY_PATH|SDKROOT|DEVELOPER_DIR',
    'CUDA_\\w+|NVIDIA_\\w+|TF_\\w+|XLA_FLAGS|ONEDNN_\\w+|OMP_\\w+',
    'SLURM_\\w+|SBATCH_\\w+|SQUEUE_\\w+|ARCBENCH_\\w+',
    'SystemRoot|SystemDrive|ComSpec|PATHEXT|APPDATA|LOCALAPPDATA|USERPROFILE|ProgramFiles.*|ProgramData',
  ].join('|')})$`,
  'i',
);

/** Variables that make Python or Node run code of the user's choice. */
const runsCode = /^(PYTHON\w*|NODE_OPTIONS|NODE_PATH)$/i;

/** Variables that list folders, in which an empty entry stands for the current folder. */
const listsFolders = /^((LD_|DYLD_|DYLD_FALLBACK_)?LIBRARY_PATH|PATH|CPATH|CPLUS_INCLUDE_PATH)$/i;

/** Variables that name a folder, and mean it from where the user stands. */
const namesFolder = /^(ARCBENCH_CACHE|TMPDIR)$/;

/**
 * A folder where nothing of the user lies, for programs that need none of their own. A program that is started where
 * the user stands may take code from there: Python imports from the current folder.
 */
export const neutralFolder = dirname(process.execPath);

/**
 * The environment of a program of the system (python3, npm, a compiler, nvidia-smi): a closed list of variables, in
 * which no list of folders names the current one.
 * @param {NodeJS.ProcessEnv} [more] variables that are added
 * @returns {NodeJS.ProcessEnv}
 */
export const closedEnvironment = (more = {}) => environmentOf((name) => passedOn.test(name), more);

/**
 * The environment of a program of our own, and of `sbatch`, whose job gets all that the user has set: everything but
 * what makes Python or Node run other code, and the workbench's own settings of memory.
 * @param {NodeJS.ProcessEnv} [more] variables that are added
 * @returns {NodeJS.ProcessEnv}
 */
export const inheritedEnvironment = (more = {}) =>
  environmentOf((name) => !runsCode.test(name) && !isMemorySetting(name), more);

/** @param {(name: string) => boolean} isPassedOn @param {NodeJS.ProcessEnv} more @returns {NodeJS.ProcessEnv} */
function environmentOf(isPassedOn, more) {
  /** @type {NodeJS.ProcessEnv} */
  const environment = {};
  for (const [name, value] of Object.entries({ ...process.env, ...more })) {
    if (value === undefined || !(name in more || isPassedOn(name))) continue;
    const isList = listsFolders.test(name);
    const kept = isList ? absoluteFolders(value).join(delimiter) : value;
    if (kept !== '' || !isList) environment[name] = kept;
    // The program runs in another folder, from which a relative path would name another place.
    if (namesFolder.test(name) && value !== '') environment[name] = resolve(value);
  }
  // Without a PATH, or with an empty one, some systems look into the current folder.
  if (process.platform !== 'win32') environment['PATH'] ??= '/usr/bin:/bin';
  return environment;
}

/**
 * The folders of a list such as PATH, without empty and relative entries, which mean the current folder.
 * @param {string | undefined} list
 */
export const absoluteFolders = (list) => (list ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
