#include <string>

#include <tine/tine.hpp>

void misuse(tine::Pool& pool) { pool.array<std::string>(10); }
