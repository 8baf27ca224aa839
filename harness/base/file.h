/*
 * base/file.h - whole files and folders; clocks.
 *
 * Uses: base/error.h.
 */
#ifndef OH_BASE_FILE_H
#define OH_BASE_FILE_H

#include "base/error.h"

/* All of a file, at most `limit` bytes, appended to `out`. -1 with the reason and, where one helps,
 * the remedy; `out` is then as before. A folder, an unreadable file and a file over the limit are
 * errors; an empty file is not. */
int oh_file_read(const char *path, size_t limit, struct oh_text *out, struct oh_error *e);

/* Writes all of `content` so that a reader sees the old file or the new one, never half of it
 * (written beside it, synced, renamed). On trouble (disk full, no right) nothing is left behind.
 * `mode` as chmod's, whatever the umask. Through a symbolic link the file that it points to is
 * replaced; into what is no file (/dev/stdout, a pipe) the bytes go directly. */
int oh_file_write(const char *path, struct oh_span content, unsigned mode, struct oh_error *e);

/* Makes the folder and its parents; one that is there already is fine. */
int oh_file_mkdirs(const char *path, struct oh_error *e);

/* "a/b": joined with one slash. The caller frees. */
char *oh_file_join(const char *folder, const char *name);

bool oh_file_is_folder(const char *path);
bool oh_file_exists(const char *path);

/* Files below `folder` (recursive) whose names end in `suffix`, sorted by path; NULL-ended array of
 * strings. If `folder` is a file, that one alone, whatever its name: the user named it. Hidden
 * names (".x") and linked folders below are passed over. Free with oh_file_list_free. NULL on
 * trouble. */
char **oh_file_list(const char *folder, const char *suffix, struct oh_error *e);
void oh_file_list_free(char **list);

/* A folder and all below it; links in it are removed, not followed. What is not there is fine. Used
 * for folders that we made ourselves only. */
void oh_file_remove_tree(const char *path);

/* Nanoseconds: of the wall clock since 1970 (what libpcap stamps with) and of the monotonic clock.
 */
int64_t oh_clock_wall_ns(void);
int64_t oh_clock_mono_ns(void);

/* "2026-11-22T10:00:00.123Z" (RFC 3339, UTC, milliseconds). Returns `out`. */
const char *oh_clock_format(int64_t wall_ns, char out[32]);

#define OH_NS_PER_S  1000000000LL
#define OH_NS_PER_MS 1000000LL

#endif
