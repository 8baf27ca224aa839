#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sentences for what a user can mend. */
static const struct {
    int code;
    const char *remedy;
} remedies[] = {
    {ENOENT, "check the spelling of the path"},
    {EACCES, "check the rights on the file and its folders"},
    {EPERM, "check the rights on the file and its folders"},
    {ENOTDIR, "a part of the path before the last is a file"},
    {ENOSPC, "free some space on the disk, or choose another folder"},
    {EDQUOT, "free some space in your quota, or choose another folder"},
    {EROFS, "choose a folder on a file system that can be written"},
};

static int trouble(struct oh_error *e, const char *doing, const char *path, int code)
{
    oh_error_set(e, "cannot %s '%s': %s", doing, path, strerror(code));
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
        if (remedies[i].code == code)
            oh_error_remedy(e, "%s", remedies[i].remedy);
    }
    return -1;
}

static int read_all(int fd, const char *path, size_t limit, struct oh_text *out, struct oh_error *e)
{
    char chunk[16384];
    size_t sum = 0;
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return trouble(e, "read", path, errno);
        if (got == 0)
            return 0;
        sum += (size_t)got;
        if (sum > limit)
            return oh_error_set(e, "'%s' is larger than the %zu bytes allowed", path, limit);
        oh_text_add_span(out, (struct oh_span){chunk, (size_t)got});
    }
}

int oh_file_read(const char *path, size_t limit, struct oh_text *out, struct oh_error *e)
{
    int result = -1;
    size_t before = out->len;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return trouble(e, "open", path, errno);
    if (fstat(fd, &st) < 0) {
        trouble(e, "open", path, errno);
        goto out;
    }
    if (S_ISDIR(st.st_mode)) {
        oh_error_set(e, "'%s' is a folder, not a file", path);
        oh_error_remedy(e, "name a file in it");
        goto out;
    }
    result = read_all(fd, path, limit, out, e);
out:
    close(fd);
    if (result < 0 && out->at) {
        out->len = before;
        out->at[before] = '\0';
    }
    return result;
}

static int write_all(int fd, struct oh_span content)
{
    while (content.len > 0) {
        ssize_t done = write(fd, content.at, content.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        content = oh_span_sub(content, (size_t)done, content.len);
    }
    return 0;
}

/* A device, pipe or terminal: nothing to swap, the bytes go straight in. */
static int write_through(const char *path, struct oh_span content, struct oh_error *e)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return trouble(e, "write", path, errno);
    int result = write_all(fd, content) < 0 ? trouble(e, "write", path, errno) : 0;
    close(fd);
    return result;
}

static int write_beside(const char *path, struct oh_span content, unsigned mode, struct oh_error *e)
{
    char *temporary = oh_format("%s.XXXXXX", path);
    int result = -1;
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        trouble(e, "write", path, errno);
        goto out;
    }
    bool failed = write_all(fd, content) < 0 || fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0;
    int code = errno;
    if (close(fd) < 0 && !failed) {
        failed = true;
        code = errno;
    }
    if (!failed && rename(temporary, path) < 0) {
        failed = true;
        code = errno;
    }
    if (failed) {
        unlink(temporary);
        trouble(e, "write", path, code);
        goto out;
    }
    result = 0;
out:
    free(temporary);
    return result;
}

int oh_file_write(const char *path, struct oh_span content, unsigned mode, struct oh_error *e)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return trouble(e, "write", path, EISDIR);
    if (there && !S_ISREG(st.st_mode))
        return write_through(path, content, e);
    char *real = there ? realpath(path, NULL) : NULL; /* a link keeps standing */
    int result = write_beside(real ? real : path, content, mode, e);
    free(real);
    return result;
}

int oh_file_mkdirs(const char *path, struct oh_error *e)
{
    char *part = oh_strdup(path);
    int result = 0;
    size_t len = strlen(part);
    for (size_t i = 1; i <= len && result == 0; i++) {
        if (i < len && part[i] != '/')
            continue;
        char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, 0777) < 0 && !oh_file_is_folder(part))
            result = trouble(e, "make the folder", part, errno == EEXIST ? ENOTDIR : errno);
        part[i] = kept;
    }
    if (len == 0)
        result = trouble(e, "make the folder", path, ENOENT);
    free(part);
    return result;
}

char *oh_file_join(const char *folder, const char *name)
{
    size_t len = strlen(folder);
    bool slash = len > 0 && folder[len - 1] != '/';
    while (len > 0 && *name == '/')
        name++;
    return oh_format("%s%s%s", folder, slash ? "/" : "", name);
}

bool oh_file_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool oh_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

struct listing {
    char **paths;
    size_t count, room;
    const char *suffix;
};

static void listing_add(struct listing *l, const char *path)
{
    oh_grow(&l->paths, l->count, &l->room, sizeof *l->paths);
    l->paths[l->count++] = oh_strdup(path);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);
    return n >= s && strcmp(name + n - s, suffix) == 0;
}

static int listing_walk(struct listing *l, const char *folder, unsigned depth, struct oh_error *e)
{
    if (depth > 64)
        return oh_error_set(e, "'%s' lies more than 64 folders deep", folder);
    DIR *dir = opendir(folder);
    if (!dir)
        return trouble(e, "open the folder", folder, errno);
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(dir));) {
        struct stat own, target;
        if (entry->d_name[0] == '.')
            continue;
        char *path = oh_file_join(folder, entry->d_name);
        if (lstat(path, &own) == 0 && S_ISDIR(own.st_mode))
            result = listing_walk(l, path, depth + 1, e);
        else if (ends_in(path, l->suffix) && stat(path, &target) == 0 && S_ISREG(target.st_mode))
            listing_add(l, path);
        free(path);
    }
    closedir(dir);
    return result;
}

static int by_path(const void *a, const void *b)
{
    const char *x, *y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return strcmp(x, y);
}

char **oh_file_list(const char *folder, const char *suffix, struct oh_error *e)
{
    struct listing l = {.suffix = suffix};
    int result = 0;
    struct stat st;
    if (stat(folder, &st) < 0)
        result = trouble(e, "open", folder, errno);
    else if (S_ISDIR(st.st_mode))
        result = listing_walk(&l, folder, 0, e);
    else
        listing_add(&l, folder);
    if (l.count > 1)
        qsort(l.paths, l.count, sizeof *l.paths, by_path);
    oh_grow(&l.paths, l.count, &l.room, sizeof *l.paths);
    l.paths[l.count] = NULL;
    if (result < 0) {
        oh_file_list_free(l.paths);
        return NULL;
    }
    return l.paths;
}

void oh_file_list_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    remove(path);
    return 0;
}

void oh_file_remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
