#include "omma/nn/language_network.h"

#include <utility>

namespace omma {
namespace {

constexpr int64_t tokens_between_looks = 256;  // at the clock

}  // namespace

std::unique_ptr<AutoregressiveDecoder> CausalNetwork::read(const EmbeddedPrompts& prompts, int64_t max_tokens,
                                                           const Deadline& deadline) {
  return std::make_unique<CausalDecoder>(*this, prompts, max_tokens, deadline);
}

Tensor CausalNetwork::logits_of(const EmbeddedPrompts& prompts, const Tensor& tokens) {
  const int64_t length = tokens.size(1);
  const Tensor all = torch::cat({prompts.embeddings, embed_ids(tokens.narrow(1, 0, length - 1))}, 1);
  const Tensor read = states({.embeddings = all, .padding = prompts.padding});
  return logits(read.narrow(1, read.size(1) - length, length));
}

CausalDecoder::CausalDecoder(CausalNetwork& network, EmbeddedPrompts prompts, int64_t max_tokens, const Deadline& deadline)
    : network_(network),
      prompts_(std::move(prompts)),
      deadline_(deadline),
      cache_(network.make_cache(prompts_.embeddings.size(0), prompts_.embeddings.size(1) + max_tokens)) {}

Tensor CausalDecoder::start() {
  Tensor logits;
  for (const Tensor& piece : prompts_.embeddings.split(deadline_ ? tokens_between_looks : prompts_.embeddings.size(1), 1)) {
    throw_if_passed(deadline_);
    logits = last_logits(piece);
  }
  return logits;
}

Tensor CausalDecoder::step(const Tensor& tokens) { return last_logits(network_.embed_ids(tokens.unsqueeze(1))); }

void CausalDecoder::reorder(const Tensor& rows) {
  cache_.reorder(rows);
  if (prompts_.padding.defined()) prompts_.padding = prompts_.padding.index_select(0, rows);
}

// The head reads the last position only: over a long prompt and many words it would be the costliest part.
Tensor CausalDecoder::last_logits(const Tensor& embeddings) {
  const Tensor read = network_.states({.embeddings = embeddings, .padding = prompts_.padding, .cache = &cache_});
  return network_.logits(read.select(1, -1));
}

}  // namespace omma
