/* Preloaded before a program, it counts the program's calls into the system and makes one of them
 * fail, or the program die in it:
 *
 *     FAULTS_CALLS=write,sync FAULTS_AT=17 FAULTS_ERRNO=28 LD_PRELOAD=libfaults.so confhouse merge
 * …
 *
 * FAULTS_CALLS  kinds to count: create, read, write, resize, sync, name, send, recv, turn (locks),
 *               hard (links), folder (the syncs of folders alone)
 * FAULTS_AT     which of them is struck, from 1; 0 = none
 * FAULTS_ERRNO  what it fails with; 0 = SIGKILL. A write is done by half first, as it may happen
 * FAULTS_LASTS  1: all calls from that one on fail, as on a disk that stays full
 * FAULTS_LOG    a file that gets a line for each call counted: kind, name, path, second path
 *
 * Calls inside of libc (those of printf, remove, mkdtemp) are not seen. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct Faults {
    const char *calls; /* NULL = not read yet */
    long at;
    int error;
    bool lasts;
    int log; /* -1 = none */
    long counted;
} Faults;

static Faults faults;
static _Thread_local long number; /* of the call that this thread is in */

static long number_of(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static void read_settings(void) {
    const char *calls = getenv("FAULTS_CALLS");
    const char *log = getenv("FAULTS_LOG");
    faults.calls = calls == NULL ? "" : calls;
    faults.at = number_of("FAULTS_AT");
    faults.error = (int)number_of("FAULTS_ERRNO");
    faults.lasts = number_of("FAULTS_LASTS") != 0;
    enum { FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC };
    faults.log = log == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, log, FLAGS, 0644);
}

/* ---- the log ---- */

/* What is open at `fd`, and the name below it when there is one. */
static void path_of(int fd, const char *name, char ret_path[PATH_MAX]) {
    char link[64];
    char folder[PATH_MAX] = "";
    snprintf(link, sizeof link, fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, folder, sizeof folder - 1);
    folder[size < 0 ? 0 : size] = '\0';
    bool is_whole = name == NULL || name[0] == '/';
    snprintf(ret_path, PATH_MAX, "%.*s%s%s", is_whole && name != NULL ? 0 : PATH_MAX, folder,
             is_whole ? "" : "/", name == NULL ? "" : name);
}

/* A call on a file: by descriptor, by name below a folder, or from one name to another. */
typedef struct Call {
    const char *kind;
    const char *name;
    int fd;
    const char *path; /* NULL = the file at fd */
    int to_fd;
    const char *to_path; /* NULL = there is no second */
} Call;

static void log_call(const Call *call) {
    char line[2 * PATH_MAX + 64];
    char path[PATH_MAX];
    char to[PATH_MAX] = "";
    path_of(call->fd, call->path, path);
    if (call->to_path != NULL) {
        path_of(call->to_fd, call->to_path, to);
    }
    int size = snprintf(line, sizeof line, "%s\t%s\t%s\t%s\n", call->kind, call->name, path, to);
    (void)!syscall(SYS_write, faults.log, line, (size_t)size);
}

/* ---- striking ---- */

/* Counts the call; true when it is to fail. */
static bool is_struck(const Call *call) {
    if (faults.calls == NULL) {
        read_settings();
    }
    if (strstr(faults.calls, call->kind) == NULL) {
        return false;
    }
    if (faults.log >= 0) {
        log_call(call);
    }
    number = __atomic_add_fetch(&faults.counted, 1, __ATOMIC_SEQ_CST);
    return faults.at > 0 && (faults.lasts ? number >= faults.at : number == faults.at);
}

static int strike(void) {
    if (faults.error == 0) {
        kill(getpid(), SIGKILL);
    }
    errno = faults.error;
    return -1;
}

/* Of a write that is struck: how much of it is done all the same. A full disk takes what it has
 * room for, and only the next write fails. */
static size_t part_of(size_t size) {
    bool is_first = number == faults.at;
    return is_first && (faults.error == 0 || faults.error == ENOSPC) ? size / 2 : 0;
}

static ssize_t end_struck_write(ssize_t written) {
    return faults.error != 0 && written > 0 ? written : strike();
}

/* ---- the calls ---- */

// libc names its parameters __fd and __buf. NOLINTBEGIN(readability-inconsistent-declaration-*)

static int open_at(int fd, const char *path, int flags, mode_t mode) {
    if ((flags & O_CREAT) != 0 && is_struck(&(Call){"create", "open", fd, path, 0, NULL})) {
        return strike();
    }
    return (int)syscall(SYS_openat, fd, path, flags, mode);
}

/* Only a call that may create a file has a mode. */
#define MODE_OF(flags, mode)                                                                       \
    do {                                                                                           \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        (mode) = ((flags) & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;                \
        va_end(rest);                                                                              \
    } while (0)

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int fd, const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(fd, path, flags, mode);
}

int openat64(int fd, const char *path, int flags, ...) {
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(fd, path, flags, mode);
}

int mkdir(const char *path, mode_t mode) {
    return mkdirat(AT_FDCWD, path, mode);
}

int mkdirat(int fd, const char *path, mode_t mode) {
    return is_struck(&(Call){"create", "mkdir", fd, path, 0, NULL})
               ? strike()
               : (int)syscall(SYS_mkdirat, fd, path, mode);
}

ssize_t read(int fd, void *data, size_t size) {
    return is_struck(&(Call){"read", "read", fd, NULL, 0, NULL})
               ? strike()
               : syscall(SYS_read, fd, data, size);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset) {
    return is_struck(&(Call){"read", "pread", fd, NULL, 0, NULL})
               ? strike()
               : syscall(SYS_pread64, fd, data, size, offset);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset) {
    return pread64(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size) {
    if (is_struck(&(Call){"write", "write", fd, NULL, 0, NULL})) {
        return end_struck_write(syscall(SYS_write, fd, data, part_of(size)));
    }
    return syscall(SYS_write, fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    if (is_struck(&(Call){"write", "pwrite", fd, NULL, 0, NULL})) {
        return end_struck_write(syscall(SYS_pwrite64, fd, data, part_of(size), offset));
    }
    return syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    return pwrite64(fd, data, size, offset);
}

int ftruncate64(int fd, off64_t size) {
    return is_struck(&(Call){"resize", "ftruncate", fd, NULL, 0, NULL})
               ? strike()
               : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size) {
    return ftruncate64(fd, size);
}

/* With "folder", it is counted as that; else as any other sync. */
static bool is_folder_alone(int fd) {
    struct stat st;
    if (faults.calls == NULL) {
        read_settings();
    }
    return strstr(faults.calls, "folder") != NULL && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

int flock(int fd, int operation) {
    return is_struck(&(Call){"turn", "flock", fd, NULL, 0, NULL})
               ? strike()
               : (int)syscall(SYS_flock, fd, operation);
}

int fsync(int fd) {
    if (is_folder_alone(fd) && is_struck(&(Call){"folder", "fsync", fd, NULL, 0, NULL})) {
        return strike();
    }
    return is_struck(&(Call){"sync", "fsync", fd, NULL, 0, NULL}) ? strike()
                                                                  : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    return is_struck(&(Call){"sync", "fdatasync", fd, NULL, 0, NULL})
               ? strike()
               : (int)syscall(SYS_fdatasync, fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    return is_struck(&(Call){"name", "rename", from_fd, from, to_fd, to})
               ? strike()
               : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int rename(const char *from, const char *to) {
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    if (is_struck(&(Call){"hard", "link", from_fd, from, to_fd, to})) {
        return strike();
    }
    return is_struck(&(Call){"name", "link", from_fd, from, to_fd, to})
               ? strike()
               : (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int unlinkat(int fd, const char *path, int flags) {
    return is_struck(&(Call){"name", "unlink", fd, path, 0, NULL})
               ? strike()
               : (int)syscall(SYS_unlinkat, fd, path, flags);
}

int unlink(const char *path) {
    return unlinkat(AT_FDCWD, path, 0);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    if (is_struck(&(Call){"send", "send", fd, NULL, 0, NULL})) {
        return end_struck_write(
            syscall(SYS_sendto, fd, data, part_of(size), flags | MSG_NOSIGNAL, NULL, 0));
    }
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    return is_struck(&(Call){"recv", "recv", fd, NULL, 0, NULL})
               ? strike()
               : syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

// NOLINTEND(readability-inconsistent-declaration-*)
