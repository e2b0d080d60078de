// What became of one question to the teacher, as a line of records-000017.jsonl holds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "omma/base/json.h"
#include "omma/data/instruction_dataset.h"
#include "omma/jobs/instruct_check.h"
#include "omma/jobs/reply_ledger.h"

namespace omma {

struct InstructRecord {
  std::string id;     // of the picture and the kind, "val/17#detail"
  std::string image;  // as the data name it
  InstructKind kind = InstructKind::conversation;
  std::string prompt;                 // the last message: what the teacher knew of the picture
  std::optional<TeacherReply> reply;  // as it came; nothing where there was none
  CheckedReply checked;
  std::string fault;  // why there is no reply

  // What is learned from it; nothing where all was refused.
  std::optional<InstructionSample> sample() const;
};

// {"id", "image", "kind", "prompt", "reply", "prompt_tokens", "tokens", "rounds", "refused", "facts", "fault"}; what is empty is
// left out.
json to_json(const InstructRecord& record);

// Throws std::invalid_argument beginning with `where` for what to_json does not write.
InstructRecord read_instruct_record(std::string_view line, std::string_view where);

}  // namespace omma
