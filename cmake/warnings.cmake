# Every warning is an error, in both compilers.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(KONTOR_SANITIZE "" CACHE STRING "address,undefined or thread")
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition -Wredundant-decls -Wcast-qual -Wcast-align -Wwrite-strings -Wundef -Wvla
    -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough -Wpointer-arith -Wfloat-equal -Wdouble-promotion
    -Wno-missing-field-initializers -Wno-gnu-zero-variadic-macro-arguments -fvisibility=hidden)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wshadow=local -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wtrampolines -Warith-conversion)
else()
    add_compile_options(-Wshadow -Wmissing-variable-declarations -Wcomma -Wassign-enum -Wconditional-uninitialized
        -Wunreachable-code-aggressive)
endif()
set(hardening "-fstack-protector-strong -fstack-clash-protection -fcf-protection")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g ${hardening}") # no -DNDEBUG: what must not reach the disk is asserted
set(CMAKE_C_FLAGS_RELEASE "-O3 ${hardening}")
if(KONTOR_SANITIZE)
    add_compile_options(-fsanitize=${KONTOR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${KONTOR_SANITIZE})
else()
    add_compile_options($<$<CONFIG:RelWithDebInfo,Release>:-D_FORTIFY_SOURCE=2>)
endif()
