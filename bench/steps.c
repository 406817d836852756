/*
 * The floor of the seven steps: the system calls that the service makes for a commit, in batches of the same size, on two
 * threads, and nothing else: no journal, no names to keep apart, nothing is decided. What remains to the floor `grouped` is the
 * price of what the service promises; what remains to the service is its own.
 */
#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static int *roots;
static sem_t sealed;

struct names {
    char item[32], marker[48], failed[48], done[48], slot[64], taken[64];
};

static struct names names_of(int item)
{
    struct names names;
    item_name(names.item, item);
    sprintf(names.marker, "%s.ready", names.item);
    sprintf(names.failed, "%s.failed", names.item);
    sprintf(names.done, "%s.done", names.item);
    sprintf(names.slot, "%013d~%s", item, names.item);
    sprintf(names.taken, "%013d~.ready", item);
    return names;
}

static void look(int folder, const char *name, int flags)
{
    struct statx status;
    if (statx(folder, name, AT_SYMLINK_NOFOLLOW | flags, STATX_ALL | STATX_MNT_ID, &status) != 0 && errno != ENOENT)
        fail("look at %s", name);
}

static int open_beneath(int folder, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
    };
    int file = syscall(SYS_openat2, folder, name, &how, sizeof how);
    if (file < 0)
        fail("open %s", name);
    return file;
}

static void ask_lease(int file)
{
    if (fcntl(file, F_SETLEASE, F_RDLCK) != 0)
        fail("lease");
}

static void rename_to(int from, const char *name, int to, const char *as, unsigned flags)
{
    if (renameat2(from, name, to, as, flags) != 0)
        fail("rename %s", name);
}

/* Whether anyone still writes, and what is in the folder. */
static void inspect(int root)
{
    char entries[32768];
    look(root, "", AT_EMPTY_PATH);
    lseek(root, 0, SEEK_SET);
    if (syscall(SYS_getdents64, root, entries, sizeof entries) < 0)
        fail("list");
    int file = open_beneath(root, "data");
    ask_lease(file);
    look(file, "", AT_EMPTY_PATH);
    close(file);
    syscall(SYS_getdents64, root, entries, sizeof entries); /* Only the second says that this was all. */
}

static void admit(int item)
{
    struct names names = names_of(item);
    struct { struct file_handle head; char more[128]; } handle = { .head.handle_bytes = 128 };
    int mount;
    look(staging, names.marker, 0);
    look(live, names.item, 0);
    look(staging, names.item, 0);
    name_to_handle_at(staging, names.item, &handle.head, &mount, 0x200 /* AT_HANDLE_FID */);
    roots[item] = open_beneath(staging, names.item);
    inspect(roots[item]);
}

static void claim(int item)
{
    struct names names = names_of(item);
    rename_to(staging, names.item, aside, names.slot, RENAME_NOREPLACE);
    look(aside, names.slot, 0);
    look(staging, names.marker, 0);
}

static void seal(int item)
{
    inspect(roots[item]);
    if (fsetxattr(roots[item], "user.atomikd.version", "2", 1, 0) != 0)
        fail("attribute");
}

static void publish(int item)
{
    struct names names = names_of(item);
    rename_to(aside, names.slot, live, names.item, RENAME_EXCHANGE);
    look(aside, names.slot, 0);
    close(roots[item]);
}

static void acknowledge(int item)
{
    struct names names = names_of(item);
    look(staging, names.failed, 0);
    look(staging, names.done, 0);
    rename_to(staging, names.marker, aside, names.taken, RENAME_NOREPLACE);
    look(aside, names.taken, 0);
    int marker = open_beneath(aside, names.taken);
    ask_lease(marker);
    fcntl(marker, F_SETLEASE, F_UNLCK);
    close(marker);
    if (unlinkat(aside, names.taken, 0) != 0)
        fail("unlink %s", names.taken);
}

static void for_each(int first, void (*step)(int item))
{
    for (int item = first; item < first + batch && item < items; item++)
        step(item);
}

static void *publish_all(void *unused)
{
    (void)unused;
    for (int first = 0; first < items; first += batch) {
        sem_wait(&sealed);
        for_each(first, publish);
        sync_parents();
        for_each(first, acknowledge);
    }
    return NULL;
}

void commit_by_steps(void)
{
    roots = calloc(items, sizeof *roots);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max; /* One open for each item in work, as in the service. */
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGIO, SIG_IGN); /* A lease that is broken would end the process. */
    sem_init(&sealed, 0, 0);
    pthread_t back;
    if ((errno = pthread_create(&back, NULL, publish_all, NULL)) != 0)
        fail("thread");
    for (int first = 0; first < items; first += batch) {
        for_each(first, admit);
        for_each(first, claim);
        for_each(first, seal);
        if (syncfs(live) != 0)
            fail("syncfs");
        sem_post(&sealed);
    }
    pthread_join(back, NULL);
    free(roots);
}
