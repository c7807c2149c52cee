/* elf.c -- is a file a whole shared object of this machine? dlopen maps what the headers promise: of a file
 * that is cut short the missing pages are a SIGBUS in the server, so every part is compared with the size
 * first. source  System V ABI, "Object Files" */
#include <elf.h>

#include "plugin/loader.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#else
#define MACHINE EM_NONE
#endif

static bool inside(uint64_t offset, uint64_t length, size_t size)
{
    return offset <= size && length <= size - offset;
}

static const char *check_header(const Elf64_Ehdr *header, size_t size)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return "it is no ELF file";
    if (header->e_ident[EI_CLASS] != ELFCLASS64)
        return "it is no 64-bit file";
    if (header->e_ident[EI_DATA] != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB))
        return "its byte order is another machine's";
    if (header->e_type != ET_DYN)
        return "it is no shared object";
    if (MACHINE != EM_NONE && header->e_machine != MACHINE)
        return "it was built for another machine";
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0)
        return "it has no program headers";
    if (!inside(header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr), size))
        return "it is cut short: the program headers lie beyond its end";
    if (header->e_shnum &&
        (header->e_shentsize != sizeof(Elf64_Shdr) ||
            !inside(header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr), size)))
        return "it is cut short: the section headers lie beyond its end";
    return NULL;
}

const char *elf_check(const uint8_t *bytes, size_t size)
{
    Elf64_Ehdr header;
    bool dynamic = false, load = false;
    if (size < sizeof header)
        return "it is too short for an ELF file";
    memcpy(&header, bytes, sizeof header);
    const char *reason = check_header(&header, size);
    if (reason)
        return reason;
    for (size_t i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr part;
        memcpy(&part, bytes + header.e_phoff + i * sizeof part, sizeof part);
        if (part.p_type == PT_LOAD && part.p_memsz < part.p_filesz)
            return "it is damaged: a segment is larger in the file than in memory";
        if ((part.p_type == PT_LOAD || part.p_type == PT_DYNAMIC || part.p_type == PT_NOTE) &&
            !inside(part.p_offset, part.p_filesz, size))
            return "it is cut short: a segment lies beyond its end";
        dynamic |= part.p_type == PT_DYNAMIC;
        load |= part.p_type == PT_LOAD;
    }
    for (size_t i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr part;
        memcpy(&part, bytes + header.e_shoff + i * sizeof part, sizeof part);
        if (part.sh_type != SHT_NOBITS && part.sh_type != SHT_NULL &&
            !inside(part.sh_offset, part.sh_size, size))
            return "it is cut short: a section lies beyond its end";
    }
    return dynamic && load ? NULL : "it is no shared object that can be loaded";
}
