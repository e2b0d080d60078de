// What became of all questions to the teacher, and examples of it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/jobs/instruct_record.h"

namespace omma {

// All records of a picture.
struct InstructExample {
  std::size_t index = 0;  // of the picture in the data
  std::vector<InstructRecord> records;
};

class InstructSummary {
 public:
  static constexpr std::size_t max_examples = 24;

  // All records of one picture, in any order of the pictures.
  void add(InstructExample example);

  // Drawn evenly, the same ones whatever the shards; in the order of the data.
  std::vector<const InstructExample*> examples() const;

  // {"pictures", "samples", "rounds", "refused", "requests", "prompt_tokens", "tokens", "kinds", "facts", "faults"}; see
  // docs/formats.md.
  json to_json() const;

 private:
  struct Kind {
    std::int64_t requests = 0, samples = 0, rounds = 0, refused = 0, faults = 0;
  };
  void count(const InstructRecord& record);

  std::int64_t pictures_ = 0;
  ReplyCost cost_;
  std::array<Kind, instruct_kind_count> kinds_{};
  std::array<std::int64_t, 3> facts_{};
  std::map<std::string, std::int64_t> reasons_;
  json fault_list_ = json::array();
  std::map<std::uint64_t, InstructExample> examples_;
};

}  // namespace omma
