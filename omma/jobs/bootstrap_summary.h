// What bootstrapping did with all samples together, and examples of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "omma/base/json.h"
#include "omma/jobs/bootstrap_record.h"

namespace omma {

// A record and where it stands: so many samples into the shard.
struct BootstrapExample {
  BootstrapRecord record;
  std::size_t shard = 0, place = 0;
};

// Samples about which the same was decided.
struct BootstrapGroup {
  static constexpr std::size_t max_examples = 6;
  bool web_kept = false, synthetic_kept = false;
  std::int64_t samples = 0;
  std::map<std::uint64_t, BootstrapExample> examples = {};  // drawn evenly, the same ones whatever the order and the shards
};

class BootstrapSummary {
 public:
  void add(const BootstrapExample& example);

  const std::array<BootstrapGroup, 4>& groups() const { return groups_; }

  // {"samples", "clean_samples", "clean_texts", "noise_ratio", "web", "synthetic", "faults", "repeated_keys"}, and "web_filter"
  // where the noise is known; see docs/formats.md.
  json to_json() const;

 private:
  static constexpr std::size_t bins = 20;
  struct Texts {
    std::int64_t kept = 0, dropped = 0, unjudged = 0;
    std::array<std::int64_t, bins> histogram{};
    void add(const JudgedText& text);
    json to_json() const;
  };
  void add_fault(const BootstrapRecord& record);

  std::int64_t samples_ = 0, clean_samples_ = 0, repeated_keys_ = 0, faults_ = 0;
  Texts web_, synthetic_;
  std::array<std::array<std::int64_t, 2>, 2> known_{};  // web texts by [wrong][dropped]
  std::unordered_set<std::uint64_t> keys_, distinct_;   // checksums
  std::map<std::string, std::int64_t> fault_counts_;
  json fault_list_ = json::array();
  std::array<BootstrapGroup, 4> groups_ = {{{true, true}, {true, false}, {false, true}, {false, false}}};
};

}  // namespace omma
