/* Preloaded into every process of a session: notes, in one order for all, what they do to the folder POWER_ROOT, in the
 * file POWER_LOG. Syncs are noted, not done. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, WRITE, TRUNCATE, SYNC, RENAME, LINK, UNLINK, MKDIR, UNSEEN };
enum { CREATES = 1, EMPTIES = 2 };

/* Followed by the bytes of two names, or of what was written. All are little-endian, as the machine is. */
struct record {
  uint64_t handle, offset;
  uint32_t kind, flags, firstBytes, secondBytes;
};

#define FILES 65536
static uint64_t handles[FILES]; /* of open files below the root, by descriptor; 0: not below it */
static struct {
  dev_t device;
  ino_t number;
} inodes[FILES];
static char isShared[FILES]; /* SQLite's -shm, which is mapped, and made again after a crash */
static char root[PATH_MAX];
static size_t rootLength;
static int log_ = -1;
static uint64_t opened;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define LET(name)                \
  static __typeof__(&name) real; \
  if (!real)                     \
  real = REAL(name)

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("POWER_ROOT"), *path = getenv("POWER_LOG");
  if (!folder || !path)
    return;
  rootLength = (size_t)snprintf(root, sizeof root, "%s", folder);
  log_ = REAL(open64)(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (log_ < 0) {
    dprintf(2, "the log %s cannot be opened\n", path);
    _exit(99);
  }
}

static void lock(void) {
  pthread_mutex_lock(&mutex);
  while (log_ >= 0 && flock(log_, LOCK_EX) != 0 && errno == EINTR) {
  }
}

static void unlock(void) {
  int error = errno;
  if (log_ >= 0)
    flock(log_, LOCK_UN);
  pthread_mutex_unlock(&mutex);
  errno = error;
}

static void note(struct record of, const void* first, const void* second) {
  struct iovec parts[] = {{&of, sizeof of}, {(void*)first, of.firstBytes}, {(void*)second, of.secondBytes}};
  size_t whole = sizeof of + of.firstBytes + of.secondBytes;
  int error = errno;
  if ((size_t)REAL(writev)(log_, parts, 3) != whole) {
    dprintf(2, "the log of writes cannot be written\n");
    _exit(99);
  }
  errno = error;
}

/* The absolute name below the root, or NULL for others. */
static const char* below(int folder, const char* name, char out[2 * PATH_MAX]) {
  if (log_ < 0 || !name)
    return NULL;
  char base[PATH_MAX] = "";
  if (name[0] != '/') {
    char link[64];
    snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0)
      return NULL;
    base[length] = 0;
  }
  snprintf(out, 2 * PATH_MAX, "%s/%s", base, name);
  char* to = out;
  for (const char* from = out; *from; from++) {
    if (*from == '/' && (from[1] == '/' || !from[1]))
      continue;
    if (*from == '/' && from[1] == '.' && (from[2] == '/' || !from[2])) {
      from++;
      continue;
    }
    *to++ = *from;
  }
  *to = 0;
  return strncmp(out, root, rootLength) == 0 && (out[rootLength] == '/' || !out[rootLength]) ? out : NULL;
}

static void noteNames(uint32_t kind, uint64_t offset, const char* first, const char* second) {
  note((struct record){.kind = kind,
                       .offset = offset,
                       .firstBytes = (uint32_t)strlen(first),
                       .secondBytes = second ? (uint32_t)strlen(second) : 0},
       first, second);
}

static void noteData(int file, uint64_t offset, const void* bytes, size_t length) {
  note((struct record){.kind = WRITE, .handle = handles[file], .offset = offset, .firstBytes = (uint32_t)length}, bytes,
       NULL);
}

/* Descriptors come back, and libuv closes them by a system call that is not seen here. */
static int isTracked(int file) {
  struct stat now;
  if (file < 0 || file >= FILES || handles[file] == 0)
    return 0;
  int error = errno;
  if (fstat(file, &now) == 0 && now.st_dev == inodes[file].device && now.st_ino == inodes[file].number)
    return 1;
  errno = error;
  return handles[file] = 0;
}

static void noteOpen(int file, int folder, const char* name, int flags) {
  char path[2 * PATH_MAX];
  if (file < 0 || file >= FILES)
    return;
  handles[file] = 0;
  struct stat now;
  if (!below(folder, name, path) || fstat(file, &now) != 0)
    return;
  inodes[file].device = now.st_dev;
  inodes[file].number = now.st_ino;
  handles[file] = ((uint64_t)getpid() << 32) + ++opened;
  size_t length = strlen(path);
  isShared[file] = length > 4 && strcmp(path + length - 4, "-shm") == 0;
  note((struct record){.kind = OPEN,
                       .handle = handles[file],
                       .flags = (flags & O_CREAT ? CREATES : 0) | (flags & O_TRUNC ? EMPTIES : 0),
                       .firstBytes = (uint32_t)length},
       path, NULL);
}

static mode_t modeOf(int flags, va_list more) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

#define OPENING(name, folder, parameters, ...) \
  int name parameters {                        \
    LET(name);                                 \
    va_list more;                              \
    va_start(more, flags);                     \
    mode_t mode = modeOf(flags, more);         \
    va_end(more);                              \
    lock();                                    \
    int file = real(__VA_ARGS__, flags, mode); \
    noteOpen(file, folder, path, flags);       \
    unlock();                                  \
    return file;                               \
  }
OPENING(open, AT_FDCWD, (const char* path, int flags, ...), path)
OPENING(open64, AT_FDCWD, (const char* path, int flags, ...), path)
OPENING(openat, folder, (int folder, const char* path, int flags, ...), folder, path)
OPENING(openat64, folder, (int folder, const char* path, int flags, ...), folder, path)

ssize_t write(int file, const void* bytes, size_t length) {
  LET(write);
  if (!isTracked(file))
    return real(file, bytes, length);
  lock();
  ssize_t written = real(file, bytes, length);
  if (written > 0)
    noteData(file, (uint64_t)(lseek(file, 0, SEEK_CUR) - written), bytes, (size_t)written);
  unlock();
  return written;
}

#define WRITING_AT(name, offsetType)                                            \
  ssize_t name(int file, const void* bytes, size_t length, offsetType offset) { \
    LET(name);                                                                  \
    if (!isTracked(file))                                                       \
      return real(file, bytes, length, offset);                                 \
    lock();                                                                     \
    ssize_t written = real(file, bytes, length, offset);                        \
    if (written > 0)                                                            \
      noteData(file, (uint64_t)offset, bytes, (size_t)written);                 \
    unlock();                                                                   \
    return written;                                                             \
  }
WRITING_AT(pwrite, off_t)
WRITING_AT(pwrite64, off64_t)

static void noteVector(int file, uint64_t offset, const struct iovec* parts, ssize_t written) {
  for (; written > 0; parts++) {
    size_t length = parts->iov_len < (size_t)written ? parts->iov_len : (size_t)written;
    if (length > 0)
      noteData(file, offset, parts->iov_base, length);
    offset += length;
    written -= (ssize_t)length;
  }
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  LET(writev);
  if (!isTracked(file))
    return real(file, parts, count);
  lock();
  ssize_t written = real(file, parts, count);
  if (written > 0)
    noteVector(file, (uint64_t)(lseek(file, 0, SEEK_CUR) - written), parts, written);
  unlock();
  return written;
}

#define WRITING_PARTS_AT(name, offsetType)                                          \
  ssize_t name(int file, const struct iovec* parts, int count, offsetType offset) { \
    LET(name);                                                                      \
    if (!isTracked(file))                                                           \
      return real(file, parts, count, offset);                                      \
    lock();                                                                         \
    ssize_t written = real(file, parts, count, offset);                             \
    noteVector(file, (uint64_t)offset, parts, written);                             \
    unlock();                                                                       \
    return written;                                                                 \
  }
WRITING_PARTS_AT(pwritev, off_t)
WRITING_PARTS_AT(pwritev64, off64_t)

#define TRUNCATING(name, offsetType)                                                                            \
  int name(int file, offsetType length) {                                                                       \
    LET(name);                                                                                                  \
    if (!isTracked(file))                                                                                       \
      return real(file, length);                                                                                \
    lock();                                                                                                     \
    int result = real(file, length);                                                                            \
    if (result == 0)                                                                                            \
      note((struct record){.kind = TRUNCATE, .handle = handles[file], .offset = (uint64_t)length}, NULL, NULL); \
    unlock();                                                                                                   \
    return result;                                                                                              \
  }
TRUNCATING(ftruncate, off_t)
TRUNCATING(ftruncate64, off64_t)

#define SYNCING(name)                                                         \
  int name(int file) {                                                        \
    LET(name);                                                                \
    if (!isTracked(file))                                                     \
      return real(file);                                                      \
    lock();                                                                   \
    note((struct record){.kind = SYNC, .handle = handles[file]}, NULL, NULL); \
    unlock();                                                                 \
    return 0;                                                                 \
  }
SYNCING(fsync)
SYNCING(fdatasync)

/* One name: what is done to it, or what was seen of it that the log cannot tell. */
#define NAMING(name, kind, length, folder, path, parameters, ...) \
  int name parameters {                                           \
    LET(name);                                                    \
    char absolute[2 * PATH_MAX];                                  \
    lock();                                                       \
    int result = real(__VA_ARGS__);                               \
    if (result == 0 && below(folder, path, absolute))             \
      noteNames(kind, length, absolute, NULL);                    \
    unlock();                                                     \
    return result;                                                \
  }
NAMING(truncate, TRUNCATE, (uint64_t)length, AT_FDCWD, path, (const char* path, off_t length), path, length)
NAMING(truncate64, TRUNCATE, (uint64_t)length, AT_FDCWD, path, (const char* path, off64_t length), path, length)
NAMING(unlink, UNLINK, 0, AT_FDCWD, path, (const char* path), path)
NAMING(unlinkat, UNLINK, 0, folder, path, (int folder, const char* path, int flags), folder, path, flags)
NAMING(rmdir, UNLINK, 0, AT_FDCWD, path, (const char* path), path)
NAMING(remove, UNLINK, 0, AT_FDCWD, path, (const char* path), path)
NAMING(mkdir, MKDIR, 0, AT_FDCWD, path, (const char* path, mode_t mode), path, mode)
NAMING(mkdirat, MKDIR, 0, folder, path, (int folder, const char* path, mode_t mode), folder, path, mode)
NAMING(symlink, UNSEEN, 0, AT_FDCWD, path, (const char* target, const char* path), target, path)
NAMING(symlinkat, UNSEEN, 0, folder, path, (const char* target, int folder, const char* path), target, folder, path)
NAMING(creat64, UNSEEN, 0, AT_FDCWD, path, (const char* path, mode_t mode), path, mode)

/* Two names, of which the first may be outside of the root. */
static void noteTwo(uint32_t kind, int fromFolder, const char* from, int toFolder, const char* to) {
  char first[2 * PATH_MAX], second[2 * PATH_MAX];
  int isFrom = below(fromFolder, from, first) != NULL, isTo = below(toFolder, to, second) != NULL;
  if (isTo && (isFrom || kind == LINK))
    noteNames(kind, 0, first, second);
  else if (isTo || (isFrom && kind == RENAME))
    noteNames(UNSEEN, 0, first, second);
}
#define NAMING_TWO(name, kind, fromFolder, toFolder, parameters, ...) \
  int name parameters {                                               \
    LET(name);                                                        \
    lock();                                                           \
    int result = real(__VA_ARGS__);                                   \
    if (result == 0)                                                  \
      noteTwo(kind, fromFolder, from, toFolder, to);                  \
    unlock();                                                         \
    return result;                                                    \
  }
NAMING_TWO(rename, RENAME, AT_FDCWD, AT_FDCWD, (const char* from, const char* to), from, to)
NAMING_TWO(renameat, RENAME, fromFolder, toFolder, (int fromFolder, const char* from, int toFolder, const char* to),
           fromFolder, from, toFolder, to)
NAMING_TWO(link, LINK, AT_FDCWD, AT_FDCWD, (const char* from, const char* to), from, to)
NAMING_TWO(linkat, LINK, fromFolder, toFolder,
           (int fromFolder, const char* from, int toFolder, const char* to, int flags), fromFolder, from, toFolder, to,
           flags)

/* A shared mapping that may be written is not seen by the log. */
#define MAPPING(name, offsetType)                                                                    \
  void* name(void* address, size_t length, int protection, int flags, int file, offsetType offset) { \
    LET(name);                                                                                       \
    if (isTracked(file) && (flags & MAP_SHARED) && (protection & PROT_WRITE) && !isShared[file]) {   \
      lock();                                                                                        \
      noteNames(UNSEEN, 0, "a shared mapping", NULL);                                                \
      unlock();                                                                                      \
    }                                                                                                \
    return real(address, length, protection, flags, file, offset);                                   \
  }
MAPPING(mmap, off_t)
MAPPING(mmap64, off64_t)
