// Checks that stay in release builds and say where they failed.
#pragma once

#include <cstdio>
#include <cstdlib>

[[noreturn]] inline void check_failed(const char* file, int line, const char* condition) {
    std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    std::exit(1);
}

#define CHECK(condition) ((condition) ? void() : check_failed(__FILE__, __LINE__, #condition))
