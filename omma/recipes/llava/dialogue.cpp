#include "omma/recipes/llava/dialogue.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {
namespace {

ordered_json question_turn(const InstructionSample& sample, std::size_t round, const DialogueForm& form) {
  const bool has_picture = round == 0 && !sample.image.empty();
  ordered_json parts = ordered_json::array();
  if (has_picture) parts.push_back({{"type", "image"}});
  if (!has_picture || !form.answers_alone) parts.push_back({{"type", "text"}, {"text", sample.rounds[round].question}});
  return {{"role", "user"}, {"content", std::move(parts)}};
}

ordered_json answer_turn(const std::string& answer) {
  return {{"role", "assistant"}, {"content", ordered_json::array({{{"type", "text"}, {"text", answer}}})}};
}

}  // namespace

// The text behind what a prompt for an answer would be is the answer.
WrittenDialogue write_out(const InstructionSample& sample, const DialogueForm& form) {
  ordered_json turns = ordered_json::array();
  WrittenDialogue written;
  const auto append_checked = [&](MarkedText longer) {
    check(longer.text.starts_with(written.text.text),
          "chat template: the text before an answer changes with what follows: it cannot be learned with");
    written.text = std::move(longer);
  };
  for (std::size_t round = 0; round < sample.rounds.size(); ++round) {
    turns.push_back(question_turn(sample, round, form));
    append_checked(form.chat_template.render(turns, {.add_generation_prompt = true}));
    const std::size_t begin = written.text.size();
    turns.push_back(answer_turn(sample.rounds[round].answer));
    append_checked(form.chat_template.render(turns));
    written.answers.push_back({begin, written.text.size()});
  }
  return written;
}

DialogueTokens tokenize_dialogue(const InstructionSample& sample, const DialogueForm& form, const Tokenizer& tokenizer) {
  const WrittenDialogue written = write_out(sample, form);
  const Encoding encoding = encode_chat(written.text, form.chat_template, tokenizer);
  DialogueTokens tokens{.ids = {encoding.ids.begin(), encoding.ids.end()}, .is_learned = {}};
  auto answer = written.answers.begin();
  for (const auto& [begin, end] : encoding.offsets) {
    while (answer != written.answers.end() && answer->end <= begin) ++answer;
    const bool is_behind_begin = answer != written.answers.end() && begin >= answer->begin;
    const bool overlaps = answer != written.answers.end() && end > answer->begin;
    const bool is_inside = is_behind_begin && end <= answer->end;
    tokens.is_whole = tokens.is_whole && (is_inside || !overlaps);
    tokens.is_learned.push_back(is_inside && overlaps);
  }
  if (!tokens.is_whole) std::ranges::fill(tokens.is_learned, 0);
  return tokens;
}

}  // namespace omma
