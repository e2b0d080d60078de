// A dialogue about a picture as a model reads it, and what of it the model learns.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/data/instruction_dataset.h"
#include "omma/text/chat_template.h"
#include "omma/text/tokenizer.h"

namespace omma {

// How a dialogue is written out (Liu et al. 2023, LLaVA, sections 4.2 and the first stage): by a chat template in whole; or as a
// caption behind its picture, without the question.
struct DialogueForm {
  ChatTemplate chat_template;
  bool answers_alone = false;  // "plain"
};

struct WrittenDialogue {
  MarkedText text;
  std::vector<TextSpan> answers;  // what the assistant says and what ends it
};

// Throws std::invalid_argument for a template that writes what stands before an answer differently once the answer is there.
WrittenDialogue write_out(const InstructionSample& sample, const DialogueForm& form);

struct DialogueTokens {
  std::vector<int64_t> ids;              // one image token in the place of the picture's
  std::vector<std::uint8_t> is_learned;  // 1 where ids[i] is the assistant's to say: its answers and what ends them
  bool is_whole = true;                  // else a token stands on both sides of an answer's border, and nothing is learned
};

// Equal to what the authors' trainer learns from, but where the words of a dialogue hold special tokens: they are text here.
DialogueTokens tokenize_dialogue(const InstructionSample& sample, const DialogueForm& form, const Tokenizer& tokenizer);

}  // namespace omma
