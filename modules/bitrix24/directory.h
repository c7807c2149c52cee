/* directory.h -- what they call directories: states, the stages of our pipelines, and lists of words, which every
 * account has and people add to. */
#pragma once
#include "b24.h"

/* A word that somebody added, or another name of one that every account has. */
typedef struct directory_word {
    kt_record rec;
    kt_str directory, code, name, colour;
    int64_t sort;
} directory_word;
extern const kt_shape directory_word_shape;

typedef enum { OF_STATE, OF_WORD, OF_STAGE, OF_USE } entry_source; /* OF_USE: a source that deals name */
typedef struct {
    int64_t id;
    entry_source from;
    kt_str directory, code, name, colour, semantic; /* semantic: ours */
    int64_t sort, category;
    kt_id word;              /* OF_WORD: the record, if there is one */
    int64_t pipeline, stage; /* OF_STAGE */
    bool system;             /* every account has it */
} entry;

typedef struct {
    entry *items;
    size_t count, room;
} entry_list;

/* The entries of a directory, or of all; by directory, then in their order. */
KT_MUST kt_error *directory_read(b24 *b, kt_str directory, entry_list *list);
/* Is this a list of words that people may add to? */
bool directory_of_words(kt_str directory);
/* The pipeline of "DEAL_STAGE" or "DEAL_STAGE_3"; 0: it is another directory, or there is none such. */
KT_MUST kt_error *directory_pipeline(b24 *b, kt_str directory, int64_t *pipeline, int64_t *category);
/* One entry in their form. */
kt_value entry_show(b24 *b, const entry *e);
