#include "omma/text/text_stream.h"

#include <string_view>
#include <utility>

namespace omma {

namespace {

constexpr std::string_view kReplacement = "\uFFFD";
constexpr std::size_t kMaxPending = 8;  // a character has at most four bytes, so at most four tokens: what is longer is malformed

}  // namespace

TextStream::TextStream(Tokenizer tokenizer, bool skip_special_tokens)
    : tokenizer_(std::move(tokenizer)), skip_special_tokens_(skip_special_tokens) {}

std::string TextStream::push(std::int32_t id) {
  if (tokenizer_.id_to_token(id).empty() || (skip_special_tokens_ && tokenizer_.is_special(id))) return "";
  ids_.push_back(id);
  const bool waits = ids_.size() - told_ < kMaxPending && tokenizer_.decode(ids_, skip_special_tokens_).ends_with(kReplacement);
  return waits ? "" : emit();
}

std::string TextStream::finish() {
  std::string text = ids_.size() > told_ ? emit() : "";
  ids_.clear();
  told_ = 0;
  return text;
}

// The tokens since the last piece, decoded behind that piece's own: decoders treat the first token and runs of bytes apart.
std::string TextStream::emit() {
  const std::span<const std::int32_t> all = ids_;
  const std::string before = tokenizer_.decode(all.first(told_), skip_special_tokens_);
  std::string text = tokenizer_.decode(all, skip_special_tokens_);
  if (text.starts_with(before)) {
    text.erase(0, before.size());
  } else {
    text = tokenizer_.decode(all.subspan(told_), skip_special_tokens_);
  }
  if (text.empty()) return text;  // nothing told yet: the next piece still needs the same context
  ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(told_));
  told_ = ids_.size();
  return text;
}

}  // namespace omma
