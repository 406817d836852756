/*
 * The floor: how fast this machine can publish one-file folders when nothing is done but the system calls themselves.
 * Every item is exchanged with the live one, what it replaced is moved aside, and its marker is unlinked.
 * See README.md for the modes.
 */
#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum mode { PLAIN, SERIAL, GROUPED, THREADS, STEPS, MODES };

static const char *const mode_names[MODES] = { "plain", "serial", "grouped", "threads", "steps" };

int items = 5000, batch;
int staging, live, aside;

static enum mode mode;
static int threads = 1;
static int bytes = 100;
static char root[4096];
static atomic_int next_item;

void fail(const char *what, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, what);
    vfprintf(stderr, what, arguments);
    va_end(arguments);
    fprintf(stderr, ": %s\n", strerror(error));
    exit(1);
}

static void usage(void)
{
    fputs("usage: floor plain|serial|grouped|threads|steps FOLDER [--items N] [--threads N] [--batch N] [--bytes N]\n", stderr);
    exit(64);
}

void item_name(char *name, int item)
{
    sprintf(name, "item-%07d", item);
}

static void write_item(int parent, int item, char fill)
{
    char name[32];
    item_name(name, item);
    if (mkdirat(parent, name, 0755) != 0)
        fail("mkdir %s", name);
    strcat(name, "/data");
    int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    char *data = malloc(bytes);
    memset(data, fill, bytes);
    if (file < 0 || write(file, data, bytes) != bytes || close(file) != 0)
        fail("write %s", name);
    free(data);
}

static void write_marker(int item)
{
    char name[32];
    item_name(name, item);
    strcat(name, ".ready");
    int file = openat(staging, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0 || close(file) != 0)
        fail("write %s", name);
}

static int make_folder(const char *name)
{
    char path[sizeof root + 16];
    sprintf(path, "%s/%s", root, name);
    int folder = -1;
    if (mkdir(path, 0755) != 0 || (folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        fail("%s", path);
    return folder;
}

static void prepare(const char *where)
{
    if (snprintf(root, sizeof root, "%s/floor-%d", where, getpid()) >= (int)sizeof root)
        usage();
    if (mkdir(root, 0755) != 0)
        fail("%s", root);
    staging = make_folder("staging");
    live = make_folder("live");
    aside = make_folder("aside");
    for (int item = 0; item < items; item++)
        write_item(live, item, 'o');
    if (syncfs(live) != 0)
        fail("syncfs");
    /* What the producers have just written is not on the disk yet: to get it there is a durable commit's own work. */
    for (int item = 0; item < items; item++)
        write_item(staging, item, 'n');
    for (int item = 0; item < items; item++)
        write_marker(item);
    if (mode == PLAIN && syncfs(live) != 0)
        fail("syncfs");
}

static void sync_item(int item)
{
    char name[32];
    item_name(name, item);
    int folder = openat(staging, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int file = openat(folder, "data", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || file < 0 || fsync(file) != 0 || fsync(folder) != 0)
        fail("sync %s", name);
    close(file);
    close(folder);
}

static void publish(int item)
{
    char name[32];
    item_name(name, item);
    if (renameat2(staging, name, live, name, RENAME_EXCHANGE) != 0)
        fail("exchange %s", name);
    if (renameat2(staging, name, aside, name, RENAME_NOREPLACE) != 0)
        fail("move %s aside", name);
}

void sync_parents(void)
{
    if (fsync(aside) != 0 || fsync(live) != 0 || fsync(staging) != 0)
        fail("sync of the folders");
}

static void remove_marker(int item)
{
    char name[32];
    item_name(name, item);
    strcat(name, ".ready");
    if (unlinkat(staging, name, 0) != 0)
        fail("unlink %s", name);
}

static void *commit_one_by_one(void *unused)
{
    (void)unused;
    for (int item; (item = atomic_fetch_add(&next_item, 1)) < items;) {
        if (mode != PLAIN)
            sync_item(item);
        publish(item);
        if (mode != PLAIN)
            sync_parents();
        remove_marker(item);
    }
    return NULL;
}

static void commit_grouped(void)
{
    for (int first = 0; first < items; first += batch) {
        int end = first + batch < items ? first + batch : items;
        if (syncfs(live) != 0)
            fail("syncfs");
        for (int item = first; item < end; item++)
            publish(item);
        if (syncfs(live) != 0)
            fail("syncfs");
        for (int item = first; item < end; item++)
            remove_marker(item);
    }
}

static void commit_on_threads(void)
{
    pthread_t *workers = calloc(threads, sizeof *workers);
    for (int worker = 0; worker < threads; worker++)
        if ((errno = pthread_create(&workers[worker], NULL, commit_one_by_one, NULL)) != 0)
            fail("thread");
    for (int worker = 0; worker < threads; worker++)
        pthread_join(workers[worker], NULL);
    free(workers);
}

static void commit_all(void)
{
    if (mode == GROUPED)
        commit_grouped();
    else if (mode == THREADS)
        commit_on_threads();
    else if (mode == STEPS)
        commit_by_steps();
    else
        commit_one_by_one(NULL);
}

static void verify(void)
{
    for (int item = 0; item < items; item++) {
        char name[32], found = 0;
        item_name(name, item);
        strcat(name, "/data");
        int file = openat(live, name, O_RDONLY | O_CLOEXEC);
        if (file < 0 || read(file, &found, 1) != 1 || found != 'n')
            fail("%s is not the new version", name);
        close(file);
    }
}

static void remove_folder(int parent, const char *name)
{
    char file[96];
    sprintf(file, "%s/data", name);
    unlinkat(parent, file, 0);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static void clean_up(void)
{
    int folders[] = { staging, live, aside };
    const char *const names[] = { "staging", "live", "aside" };
    char path[sizeof root + 64];
    for (int folder = 0; folder < 3; folder++) {
        for (int item = 0; item < items; item++) {
            char name[32], slot[64];
            item_name(name, item);
            sprintf(slot, "%013d~%s", item, name);
            remove_folder(folders[folder], name);
            remove_folder(folders[folder], slot);
        }
        close(folders[folder]);
        sprintf(path, "%s/%s", root, names[folder]);
        if (rmdir(path) != 0)
            fail("%s", path);
    }
    if (rmdir(root) != 0)
        fail("%s", root);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end != 0 || value < 1 || value > 9999999)
        usage();
    return (int)value;
}

int main(int count, char **arguments)
{
    if (count < 3 || count % 2 == 0)
        usage();
    bool known = false;
    for (int m = 0; m < MODES; m++)
        if (strcmp(arguments[1], mode_names[m]) == 0) {
            mode = m;
            known = true;
        }
    if (!known)
        usage();
    if (mode == THREADS)
        threads = 8;
    if (mode == STEPS) {
        threads = 2;
        batch = 1024; /* The service's own. */
    }
    for (int option = 3; option < count; option += 2) {
        int value = number(arguments[option + 1]);
        if (strcmp(arguments[option], "--items") == 0)
            items = value;
        else if (strcmp(arguments[option], "--threads") == 0 && mode == THREADS)
            threads = value;
        else if (strcmp(arguments[option], "--batch") == 0 && (mode == GROUPED || mode == STEPS))
            batch = value;
        else if (strcmp(arguments[option], "--bytes") == 0)
            bytes = value;
        else
            usage();
    }
    if (mode == GROUPED && batch == 0)
        batch = items;

    prepare(arguments[2]);
    double begin = now();
    commit_all();
    double seconds = now() - begin;
    verify();
    clean_up();
    printf("mode=%s items=%d bytes=%d threads=%d batch=%d seconds=%.4f commits_per_second=%.0f\n",
           mode_names[mode], items, bytes, threads, batch, seconds, items / seconds);
    return 0;
}
