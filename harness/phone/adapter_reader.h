/*
 * phone/adapter_reader.h - what the files that read an adapter share. Private to phone/.
 *
 * adapter_read.c the head of the file and the whole · adapter_drive.c what is sent and awaited ·
 * adapter_abilities.c what the phone can do, and what runs beside it · adapter_texts.c the
 * "${names}". Readers of values (oh_yaml_read_fn) have the adapter as their target.
 *
 * Uses: phone/adapter.h.
 */
#ifndef OH_PHONE_ADAPTER_READER_H
#define OH_PHONE_ADAPTER_READER_H

#include "phone/adapter.h"

/* Adapter's own copy of a text that is not empty. */
void oh_adapter_read_text(struct oh_yaml_reader *r, const struct oh_yaml_node *n, char **text);
void oh_adapter_read_duration(struct oh_yaml_reader *r, const struct oh_yaml_node *n, int64_t *ms);
/* A plain true or false. */
bool oh_adapter_read_bool(struct oh_yaml_reader *r, const struct oh_yaml_node *n);
/* A list of texts, or one text, is added to. `what`: "a word of 'start'". */
void oh_adapter_read_words(struct oh_yaml_reader *r, const struct oh_yaml_node *n, const char *what,
                           struct oh_words *words);

#define OH_STATE_VERB "state" /* under 'verbs' */

bool oh_adapter_is_word(const char *name); /* lower-case letters, digits, '-' */

/* adapter_drive.c */
oh_yaml_read_fn oh_adapter_read_drive, oh_adapter_read_ready, oh_adapter_read_stop,
    oh_adapter_read_verbs, oh_adapter_read_events, oh_adapter_read_keep;

/* adapter_abilities.c */
oh_yaml_read_fn oh_adapter_read_abilities, oh_adapter_read_beside;
void oh_adapter_order_abilities(struct oh_adapter *a); /* the verbs first */

#endif
