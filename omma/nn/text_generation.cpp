#include "omma/nn/text_generation.h"

#include <algorithm>
#include <deque>

#include "omma/text/text_stream.h"
#include "omma/text/told_text.h"

namespace omma {
namespace {

using End = GeneratedText::End;

// The text of one prompt, from its tokens.
class TextWriter {
 public:
  TextWriter(const Tokenizer& tokenizer, const TextPrompt& prompt)
      : pieces_(tokenizer), text_(prompt.stop, prompt.stream), prompt_tokens_(prompt.length) {
    if (!prompt.runs_on) return;
    constexpr std::ptrdiff_t most = 4;  // tokens of one character, where each is a byte of it
    for (auto token = prompt.tokens.end() - std::min(most, std::ssize(prompt.tokens)); token != prompt.tokens.end(); ++token)
      pieces_.push(static_cast<std::int32_t>(*token));
  }

  // Whether more is wanted.
  bool write(int64_t token) {
    ++tokens_;
    text_.push(pieces_.push(static_cast<std::int32_t>(token)));
    return text_.wants_more();
  }

  GeneratedText finish(const GeneratedTokens& generated) {
    text_.push(pieces_.finish());
    text_.finish();
    return {.text = text_.text(),
            .prompt_tokens = static_cast<int>(prompt_tokens_),
            .tokens = tokens_,
            .end = end_of(generated),
            .score = generated.score};
  }

 private:
  End end_of(const GeneratedTokens& generated) const {
    if (text_.cancelled()) return End::cancelled;
    if (text_.stopped()) return End::stop;
    if (generated.cancelled) return End::cancelled;
    return generated.ended ? End::eos : End::length;
  }

  TextStream pieces_;
  ToldText text_;
  int64_t prompt_tokens_;
  int tokens_ = 0;
};

}  // namespace

std::vector<GeneratedText> generate_texts(AutoregressiveDecoder& decoder, const Tokenizer& tokenizer,
                                          std::span<const TextPrompt> prompts, const GenerationSettings& settings) {
  std::deque<TextWriter> writers;  // callbacks keep their places
  std::vector<GenerationPrompt> beginnings;
  for (const TextPrompt& prompt : prompts) {
    TextWriter& writer = writers.emplace_back(tokenizer, prompt);
    beginnings.push_back(
        {.tokens = prompt.tokens, .seed = prompt.seed, .callback = [&writer](int64_t token) { return writer.write(token); }});
  }
  const std::vector<GeneratedTokens> generated = generate(decoder, beginnings, settings);
  std::vector<GeneratedText> texts;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    if (settings.beams > 1)  // a hypothesis is certain only now
      for (const int64_t token : generated[p].tokens)
        if (!writers[p].write(token)) break;
    texts.push_back(writers[p].finish(generated[p]));
  }
  return texts;
}

}  // namespace omma
