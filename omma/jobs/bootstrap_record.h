// What bootstrapping did with one sample, as a line of records-000017.jsonl holds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"

namespace omma {

struct JudgedText {
  std::string text;
  std::optional<double> itm = {};  // the probability that it describes the picture; unset where there was nothing to judge
  bool kept = false;
};

struct BootstrapRecord {
  std::string key;         // of the sample, in the clean shard, too
  std::string image = {};  // the picture's file name, where that is not the key
  std::vector<JudgedText> web = {};
  std::optional<JudgedText> synthetic = {};   // nothing where there was no picture to describe
  std::string noise = {}, true_caption = {};  // where the input tells: the kind of noise ("clean": none); a caption that is right
  std::string fault = {}, error = {};         // what was wrong with the input: a DatasetFault's name, and in words

  bool keeps_web() const;
  std::vector<std::string> kept_texts() const;
};

// {"key", "web", "web_itm", "web_kept", "synthetic", "synthetic_itm", "synthetic_kept", ...}; the three of "web" are lists where
// there are several. What is empty is left out, a score that is unset is null.
json to_json(const BootstrapRecord& record);

// Throws std::invalid_argument beginning with `where` for what to_json does not write.
BootstrapRecord read_bootstrap_record(std::string_view line, std::string_view where);

}  // namespace omma
