/* docx_tags.h -- inside the room: the tags in one part of a DOCX, found, judged and marked. */
#pragma once
#include <libxml/tree.h>

#include "document/docx.h"
#include "kit/buffer.h"

typedef enum {
    TAG_NAME,
    TAG_LUA,
    TAG_EACH,
    TAG_IF,
    TAG_ELSE,
    TAG_END,
    TAG_ROW,
    TAG_ROW_END,
    TAG_BLIP
} tag_kind;
typedef struct {
    tag_kind kind;
    kt_str source;   /* as it stands in the file, without braces */
    kt_str modifier; /* of a name; not set: the usual */
    docx_name name;  /* of a name; of what is looped over or asked */
    xmlNode *mark;   /* what stands in its place now */
    bool needs_row;  /* of a line, and within no block of its list */
    long row;        /* of the chunk */
} docx_tag;

enum { DOCX_TAGS_MAX = 4000 };
#define DOCX_MARK "kontor" /* <kontor n="5"/>: tag 5; as an attribute's value, "kontor:5" */

struct docx {
    arena *arena;
    kt_str file;
    docx_tag *tags;
    size_t tag_count;
    kt_str *pieces;
    size_t piece_count, piece_room;
    struct docx_part {
        const char *name;
        uint64_t index; /* in the archive */
    } * parts;
    size_t part_count;
    kt_error *problems;
};

/* Finds the tags of a part and puts marks in their places. Problems are collected in d. */
void docx_mark(docx *d, const docx_names *names, xmlNode *root);
