// Whether a teacher's reply is fit to learn from.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/instruction_round.h"
#include "omma/data/judgement.h"
#include "omma/jobs/teacher.h"

namespace omma {

struct RefusedRound {
  InstructionRound round;  // what could be read of it
  std::string reason;      // "form", "empty", "rambling", "source", "gives away", "false", "repeated", "token"
  std::string why;         // in words
};

struct CheckedReply {
  std::vector<InstructionRound> rounds;  // kept
  std::vector<RefusedRound> refused;
  std::array<std::int64_t, 3> facts{};  // of all rounds, by Verdict
};

// Each round of a conversation by itself, other replies whole. Refused is what has not the form of "Question: === Answer:" blocks
// (a detailed description needs none: it answers `request`), nothing in it or no end, a word about captions, boxes or coordinates,
// a question that gives its answer away, a question asked before, an image token, or a fact that the grammar of statements.h reads
// and the objects refute. The last round of a reply that was cut has no end.
CheckedReply check_reply(InstructKind kind, const TeacherReply& reply, std::string_view request,
                         std::span<const SeenObject> objects, const Lexicon& lexicon);

}  // namespace omma
