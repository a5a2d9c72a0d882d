// tine doctor: what this machine gives tine, what it costs here, and what would make it faster.
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tine/for_each_slice.hpp>
#include <tine/pool.hpp>
#include <tine/sandbox.hpp>

#include "commands.hpp"
#include "exit.hpp"
#include "machine.hpp"

namespace tine::app {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

/// Collects facts for people and for programs at once, and advice.
class Findings {
 public:
  void section(const std::string& title, const std::string& key) {
    text_ += fmt::format("\n{}\n", title);
    section_ = key;
  }
  void fact(const std::string& label, const std::string& key, Json value, const std::string& text) {
    text_ += fmt::format("  {:<28} {}\n", label, text);
    json_[section_][key] = std::move(value);
  }
  void advise(const std::string& advice) { advice_.push_back(advice); }

  void print(bool json) {
    if (json) {
      json_["advice"] = advice_;
      fmt::print("{}\n", json_.dump(2));
      return;
    }
    fmt::print("tine {}\n{}\nAdvice\n", TINE_VERSION, text_);
    if (advice_.empty()) fmt::print("  none: everything is as it should be\n");
    for (const std::string& advice : advice_) fmt::print("  - {}\n", advice);
  }

 private:
  std::string text_, section_;
  Json json_{{"version", TINE_VERSION}};
  std::vector<std::string> advice_;
};

void workers(Findings& findings) {
  findings.section("Workers", "workers");
  const unsigned count = cpu_count(), mask = affinity_cpus();
  findings.fact("workers by default", "default", count, fmt::format("{}", count));
  findings.fact("CPUs in the affinity mask", "affinity", mask, fmt::format("{}", mask));
  const auto quota = cgroup_cpus();
  findings.fact("CPU quota of the cgroup", "quota", quota ? Json(quota->value) : Json(),
                quota ? fmt::format("{:.2f} ({})", quota->value, quota->path) : "none");
  for (const char* name : {"SLURM_CPUS_PER_TASK", "TINE_WORKERS"}) {
    const char* value = getenv(name);
    findings.fact(name, name, value ? Json(value) : Json(), value ? value : "not set");
  }
  if (quota && quota->value < mask)
    findings.advise(
        fmt::format("the cgroup allows {:.2f} of {} CPUs; more workers than that are "
                    "throttled, so none are made",
                    quota->value, mask));
}

void memory(Findings& findings) {
  findings.section("Memory", "memory");
  const auto field = [&](const char* label, const char* key, const char* name) {
    const auto value = memory_field("/proc/meminfo", name);
    findings.fact(label, key, value ? Json(*value) : Json(),
                  value ? bytes_text(double(*value)) : "unknown");
  };
  field("physical", "total", "MemTotal");
  field("available now", "available", "MemAvailable");
  const auto limit = cgroup_memory();
  findings.fact("limit of the cgroup", "cgroup_max", limit ? Json(limit->value) : Json(),
                limit ? fmt::format("{} ({})", bytes_text(limit->value), limit->path) : "none");
  struct Limit {
    const char* name;
    int resource;
    const char* trouble;  // what a limit does to tine; nullptr: nothing
  };
  for (const Limit& l :
       {Limit{"RLIMIT_AS", RLIMIT_AS, "makes the arena smaller: it reserves address space"},
        Limit{"RLIMIT_FSIZE", RLIMIT_FSIZE, "limits the arena too, which is a memory file"},
        Limit{"RLIMIT_DATA", RLIMIT_DATA, nullptr}, Limit{"RLIMIT_NPROC", RLIMIT_NPROC, nullptr},
        Limit{"RLIMIT_NOFILE", RLIMIT_NOFILE, nullptr}}) {
    rlimit value{};
    getrlimit(static_cast<__rlimit_resource_t>(l.resource), &value);
    const bool none = value.rlim_cur == RLIM_INFINITY;
    findings.fact(l.name, l.name, none ? Json() : Json(value.rlim_cur),
                  none ? "none" : fmt::format("{}", value.rlim_cur));
    if (!none && l.trouble != nullptr)
      findings.advise(
          fmt::format("{} is {}: it {}", l.name, bytes_text(double(value.rlim_cur)), l.trouble));
  }
}

/// Median of several runs, in microseconds; `before` is called before each.
template <class F>
double median_us(
    int runs, F f, void (*before)() = [] {}) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    before();
    const auto start = Clock::now();
    f();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::ranges::nth_element(times, times.begin() + runs / 2);
  return times[static_cast<std::size_t>(runs) / 2];
}

std::string time_text(double us) {
  return us < 1000 ? fmt::format("{:.1f} us", us) : fmt::format("{:.2f} ms", us / 1000);
}

void costs(Findings& findings) {
  findings.section("Costs, measured now", "costs_us");
  const auto add = [&](const char* label, const char* key, double us) {
    findings.fact(label, key, us, time_text(us));
  };
  add("fork and exit", "fork_exit", median_us(21, [] {
        const pid_t pid = fork();
        if (pid == 0) _exit(0);
        if (pid > 0) waitpid(pid, nullptr, 0);
      }));
  add("pool made and ended", "pool", median_us(7, [] { Pool pool; }));
  Pool pool;
  const auto empty_job = [&pool] {
    for_each_slice(pool, slices(pool.workers(), 1), [](const Slice&) {});
  };
  empty_job();
  add("empty job, one after another", "job", median_us(301, empty_job));
  add("empty job, workers asleep", "job_asleep", median_us(9, empty_job, [] { usleep(10000); }));

  constexpr std::size_t bytes = std::size_t{64} << 20;
  const auto huge_before = memory_field("/proc/meminfo", "ShmemHugePages").value_or(0);
  auto touched = pool.array<char>(bytes);
  const auto touch = [&] {
    for_each_slice(
        pool, slices(bytes, bytes / 64),
        [](const Slice&, std::span<char> part) {
          for (std::size_t i = 0; i < part.size(); i += 4096) part[i] = 1;
        },
        out(touched));
  };
  add("first touch of 64 MiB", "first_touch_64_mib", median_us(1, touch));
  add("the same again", "second_touch_64_mib", median_us(5, touch));

  findings.section("Memory pages", "pages");
  const std::string enabled = first_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
  const std::size_t open = enabled.find('[');
  const std::string mode =
      open == enabled.npos ? "unknown" : enabled.substr(open + 1, enabled.find(']') - open - 1);
  findings.fact("huge pages for shared memory", "shmem_enabled", mode, mode);
  const auto huge = memory_field("/proc/meminfo", "ShmemHugePages").value_or(0);
  const auto got = std::min<std::uint64_t>(bytes, huge - std::min(huge, huge_before));
  findings.fact("obtained for an array", "huge_bytes_of_64_mib", got,
                fmt::format("{} of {}", bytes_text(double(got)), bytes_text(double(bytes))));
  if (mode == "never" || mode == "deny")
    findings.advise(
        "huge pages for shared memory are off; they save page faults on large arrays. As root: "
        "echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled");
  const bool guards = light_guard_pages();
  findings.fact("guard pages", "light_guards", guards,
                guards ? "light (MADV_GUARD_INSTALL)" : "by mprotect, for arrays from 1 MiB");
  if (!guards)
    findings.advise("a newer kernel (6.15) has light guard pages, which also protect small arrays");
  for (const std::string& warning : pool.warnings()) findings.advise(warning);
}

void sandbox(Findings& findings) {
  findings.section("Sandbox of workers that read files", "sandbox");
  const SandboxLayers layers = sandbox_available();
  const auto yes_or_no = [](bool is_there) { return is_there ? "yes" : "no"; };
  findings.fact("no new privileges", "no_new_privileges", layers.no_new_privileges,
                yes_or_no(layers.no_new_privileges));
  findings.fact("system calls filtered", "seccomp", layers.seccomp, yes_or_no(layers.seccomp));
  findings.fact("landlock", "landlock", layers.landlock,
                layers.landlock != 0 ? fmt::format("yes (version {})", layers.landlock) : "no");
  if (!layers.seccomp)
    findings.advise(
        "workers cannot be kept from opening files and sockets: seccomp is missing from the kernel "
        "(CONFIG_SECCOMP_FILTER) or forbidden by a container; do not decode files from strangers "
        "here");
  if (layers.landlock == 0)
    findings.advise(
        "the sandbox lacks its second layer, landlock: enable it in the kernel "
        "(CONFIG_SECURITY_LANDLOCK, and landlock in the boot parameter lsm=)");
}

}  // namespace

Run add_doctor_command(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  CLI::App& command =
      *app.add_subcommand("doctor", "What this machine gives tine, and what would make it faster");
  command.add_flag("--json", *json, "As JSON");
  command.footer("Examples:\n  tine doctor\n  tine doctor --json | jq .costs_us.job\n");
  return [json] {
    Findings findings;
    workers(findings);
    memory(findings);
    costs(findings);
    sandbox(findings);
    findings.print(*json);
    return static_cast<int>(all_good);
  };
}

}  // namespace tine::app
