#include "omma/nn/prompt_memory.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {

using torch::Tensor;
namespace {

constexpr int64_t tokens_between_looks = 256;  // at the clock
constexpr int64_t least_capacity = 512;        // tokens

}  // namespace

int64_t PromptMemory::known(const std::vector<int64_t>& keys) const {
  const auto [mine, theirs] = std::ranges::mismatch(keys_, keys);
  return std::min<int64_t>(mine - keys_.begin(), std::ssize(keys) - 1);
}

PromptMemory::Decoder PromptMemory::read(const RememberedPrompt& prompt, int64_t max_tokens, const Deadline& deadline) {
  check(!prompt.keys.empty(), "prompt: expected at least one token");
  const int64_t first = known(prompt.keys), needed = std::ssize(prompt.keys) + max_tokens;
  const int64_t context = model_->config().max_position_embeddings;
  const int64_t room = std::max(needed, std::min(context, std::max(least_capacity, 2 * std::ssize(prompt.keys))));
  if (!cache_)
    cache_ = model_->make_cache(1, room);
  else if (cache_->capacity() < needed)
    cache_->grow(room);
  cache_->truncate(first);
  keys_.resize(static_cast<std::size_t>(first));
  return {*this, prompt, first, deadline};
}

void PromptMemory::clear() {
  cache_.reset();
  keys_.clear();
}

PromptMemory::Decoder::Decoder(PromptMemory& memory, const RememberedPrompt& prompt, int64_t first, const Deadline& deadline)
    : memory_(memory),
      keys_(prompt.keys.begin() + first, prompt.keys.end()),
      embeddings_(prompt.embeddings(first)),
      deadline_(deadline) {
  check(embeddings_.size(1) == std::ssize(keys_), "prompt: expected embeddings of {} places, got {}", keys_.size(),
        embeddings_.size(1));
}

Tensor PromptMemory::Decoder::read(const Tensor& embeddings, const std::vector<int64_t>& keys) {
  LlamaForCausalLM& model = memory_.model_;
  const Tensor hidden = model->model(CausalInput{.embeddings = embeddings, .padding = {}, .cache = &*memory_.cache_});
  memory_.keys_.insert(memory_.keys_.end(), keys.begin(), keys.end());  // only now: a pass that throws leaves nothing behind
  return hidden.select(1, -1);
}

Tensor PromptMemory::Decoder::start() {
  Tensor last;
  const int64_t tokens = std::ssize(keys_), piece = deadline_ ? tokens_between_looks : tokens;
  for (int64_t first = 0; first < tokens; first += piece) {
    throw_if_passed(deadline_);
    const int64_t size = std::min(piece, tokens - first);
    last = read(embeddings_.narrow(1, first, size), {keys_.begin() + first, keys_.begin() + first + size});
  }
  embeddings_.reset();
  return memory_.model_->logits(last);
}

Tensor PromptMemory::Decoder::step(const Tensor& tokens) {
  LlamaForCausalLM& model = memory_.model_;
  return model->logits(read(model->model->embed_tokens(tokens.unsqueeze(1)), {tokens.item<int64_t>()}));
}

void PromptMemory::Decoder::reorder(const Tensor& rows) {
  check(rows.size(0) == 1 && rows.item<int64_t>() == 0, "prompt memory: expected one row");
}

}  // namespace omma
