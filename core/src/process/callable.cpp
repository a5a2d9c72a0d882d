#include "process/callable.hpp"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <string>

#include <tine/barrier.hpp>
#include <tine/error.hpp>

#include "sync/sanitizer.hpp"

namespace tine::detail {

namespace {

std::uint64_t mix(std::uint64_t hash, const void* bytes, std::size_t size) {
  const auto* p = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ p[i]) * 0x100000001b3;  // FNV-1a
  return hash;
}

std::uint64_t build_id(const dl_phdr_info& info) {
  std::uint64_t hash = mix(0xcbf29ce484222325, info.dlpi_name, strlen(info.dlpi_name));
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& header = info.dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const char*>(info.dlpi_addr + header.p_vaddr);
    const char* end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
      const char* name = at + sizeof *note;
      const char* content = name + (note->n_namesz + 3) / 4 * 4;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
        return mix(hash, content, note->n_descsz);
      at = content + (note->n_descsz + 3) / 4 * 4;
    }
  }
  return hash;
}

}  // namespace

LoadedCode::Stock LoadedCode::take_stock() {
  Stock stock;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* p) {
        auto& result = *static_cast<Stock*>(p);
        result.loads = info->dlpi_adds;
        result.unloads = info->dlpi_subs;
        Object object{info->dlpi_addr, ~std::uintptr_t{0}, 0, build_id(*info)};
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD) continue;
          const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
          const std::uintptr_t end = begin + header.p_memsz;
          object.begin = std::min(object.begin, begin);
          object.end = std::max(object.end, end);
          if ((header.p_flags & PF_W) == 0) result.constant.push_back({begin, end});
        }
        if (object.end != 0) result.objects.push_back(object);
        return 0;
      },
      &stock);
  return stock;
}

LoadedCode LoadedCode::now() {
  LoadedCode code;
  code.stock_ = take_stock();
  return code;
}

void LoadedCode::check_function(const void* address) const {
  Stock counts;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* p) {
        static_cast<Stock*>(p)->loads = info->dlpi_adds;
        static_cast<Stock*>(p)->unloads = info->dlpi_subs;
        return 1;
      },
      &counts);
  if (counts.loads == stock_.loads && counts.unloads == stock_.unloads) return;

  // Something was loaded or unloaded since. An address alone proves nothing: dlopen uses them
  // again.
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  auto holds = [&](const Object& o) { return o.begin <= at && at < o.end; };
  const Stock present = take_stock();
  const auto now = std::find_if(present.objects.begin(), present.objects.end(), holds);
  const auto then = std::find_if(stock_.objects.begin(), stock_.objects.end(), holds);
  if (now != present.objects.end() && then != stock_.objects.end() && now->base == then->base &&
      now->identity == then->identity)
    return;
  throw BadCallable(
      "tine: the kernel's code was loaded after the pool was made, so the workers do not have it; "
      "load the library first, or call pool.refresh()");
}

void LoadedCode::check_captures(const void* bytes, std::size_t size, const void* arena_begin,
                                const void* arena_end, const char* what) const {
  const auto* p = static_cast<const unsigned char*>(bytes);
  for (std::size_t offset = 0; offset + sizeof(std::uintptr_t) <= size;
       offset += sizeof(std::uintptr_t)) {
    std::uintptr_t word;
    memcpy(&word, p + offset, sizeof word);
    if (word < 0x10000 || word >= std::uintptr_t{1} << 56) continue;
    // The sanitizer's shadow is mapped at terabytes that pairs of small numbers look like, and
    // nobody points there.
    if (address_sanitizer && word >= 0x7fff8000 && word < 0x10007fff8000) continue;
    if (word >= reinterpret_cast<std::uintptr_t>(arena_begin) &&
        word <= reinterpret_cast<std::uintptr_t>(arena_end))
      continue;
    if (std::any_of(stock_.constant.begin(), stock_.constant.end(),
                    [&](const Range& r) { return r.begin <= word && word < r.end; }))
      continue;
    // Only a suspect pays for a look at the map, which takes some 50 us.
    FILE* maps = fopen("/proc/self/maps", "re");
    if (maps == nullptr) return;
    char line[1024];
    std::string where;
    while (fgets(line, sizeof line, maps) != nullptr) {
      unsigned long begin = 0, end = 0;
      char flags[8] = "", path[512] = "";
      if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %511[^\n]", &begin, &end, flags, path) < 3)
        continue;
      if (word < begin || word >= end) continue;
      const char* name = path + strspn(path, " ");
      if (strstr(name, "memfd:tine-arena") != nullptr)
        where = arena_end != nullptr ? "another pool's arena" : "";
      else if (flags[2] == 'x')
        where = "code of " + std::string(name) + " that was loaded after the pool was made";
      else if (flags[1] == 'w' && flags[3] == 'p')
        where = strcmp(name, "[stack]") == 0  ? "the stack"
                : strcmp(name, "[heap]") == 0 ? "the heap"
                : *name == '\0'               ? "private memory (heap or a thread's stack)"
                                              : "writable data of " + std::string(name);
      break;
    }
    fclose(maps);
    if (where.empty()) continue;
    char text[512];
    snprintf(
        text, sizeof text,
        "tine: %s a pointer or reference (0x%zx, at byte %zu of its captures) "
        "into %s of the master. Workers would see what was there when the pool was made, if "
        "anything. Capture numbers and views (array.view()) by value, and put data into a "
        "tine::Array",
        what, word, offset, where.c_str());
    throw BadCallable(text);
  }
}

void check_action(const void* action, std::size_t bytes) {
  // It runs where somebody waits for it, who has been forked before or will be, from any pool.
  LoadedCode::now().check_captures(action, bytes, nullptr, nullptr);
}

}  // namespace tine::detail
