#include "omma/base/threads.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace omma {
namespace {

// CPUs of the cgroup's quota (v2: "max 100000" or "200000 100000"; v1: two files), 0 where there is none.
int quota_cpus() {
  const auto cpus = [](double quota, double period) {
    return quota > 0 && period > 0 ? static_cast<int>(std::ceil(quota / period)) : 0;
  };
  std::string quota;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> quota >> period) return quota == "max" ? 0 : cpus(std::stod(quota), period);
  double quota_us = 0;
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (v1_quota >> quota_us && v1_period >> period) return cpus(quota_us, period);
  return 0;
}

int affinity_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

int available_threads() {
  const int affinity = std::max(1, affinity_cpus());
  const int quota = quota_cpus();
  return quota > 0 ? std::min(affinity, quota) : affinity;
}

std::int64_t available_memory() {
  const std::int64_t machine = std::int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
  std::int64_t allowed = 0;
  std::ifstream v2("/sys/fs/cgroup/memory.max"), v1("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  return v2 >> allowed || v1 >> allowed ? std::min(machine, allowed) : machine;  // "max" is no number
}

void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (count <= 0) return;
  const std::int64_t pieces = std::clamp<std::int64_t>(threads, 1, count);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(pieces));
  const auto run = [&](std::int64_t piece) noexcept {
    try {
      body(count * piece / pieces, count * (piece + 1) / pieces);
    } catch (...) {
      errors[static_cast<std::size_t>(piece)] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::int64_t piece = 1; piece < pieces; ++piece) workers.emplace_back(run, piece);
    run(0);
  }
  for (const auto& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace omma
