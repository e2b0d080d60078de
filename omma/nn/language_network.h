// What generation and pictures' models ask of a language model, whatever its layers: LLaMA, OPT and T5 are such.
//
// P prompts and B rows of T tokens, S tokens in all with earlier ones, C channels of the word embeddings, V words.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "omma/nn/generation.h"
#include "omma/nn/kv_cache.h"
#include "omma/nn/tensor.h"

namespace omma {

// Prompts as embeddings, of words and of whatever else stands among them.
struct EmbeddedPrompts {
  Tensor embeddings;    // [P, T, C], T at least 1, shorter ones padded on the left
  Tensor padding = {};  // int64 [P]: tokens of padding before each one's first; undefined: none
};

class LanguageNetwork {
 public:
  virtual ~LanguageNetwork() = default;

  virtual int64_t words() const = 0;                         // V
  virtual int64_t channels() const = 0;                      // C
  virtual std::optional<int64_t> context() const = 0;        // tokens; none: no limit
  virtual bool is_encoder_decoder() const { return false; }  // whether it reads a prompt as a whole and writes another text

  virtual Tensor embed_ids(const Tensor& ids) = 0;  // int64 [...] -> [..., C]

  // What goes on with prompts; room for `max_tokens` more tokens. With a deadline long ones are read in pieces, between which the
  // clock is looked at. The network must outlive the result.
  virtual std::unique_ptr<AutoregressiveDecoder> read(const EmbeddedPrompts& prompts, int64_t max_tokens,
                                                      const Deadline& deadline = {}) = 0;

  // Of L tokens behind each prompt, int64 [P, L], the logits that each is chosen from: [P, L, V]. With gradients.
  virtual Tensor logits_of(const EmbeddedPrompts& prompts, const Tensor& tokens) = 0;
};

// Input of one pass of a decoder. Rows shorter than the longest are padded on the left.
struct CausalInput {
  Tensor embeddings;               // [B, T, C]
  Tensor padding = {};             // int64 [B]: tokens of padding before each row's first; undefined: none
  KeyValueCache* cache = nullptr;  // earlier tokens' keys and values, advanced by T; null: none, and nothing is kept
};

// A decoder alone, which goes on with its prompt.
class CausalNetwork : public LanguageNetwork {
 public:
  virtual Tensor states(const CausalInput& input) = 0;  // what the head reads, [B, T, ...]
  virtual Tensor logits(const Tensor& states) = 0;      // [..., ...] -> [..., V]
  virtual KeyValueCache make_cache(int64_t batch, int64_t capacity) = 0;

  std::unique_ptr<AutoregressiveDecoder> read(const EmbeddedPrompts& prompts, int64_t max_tokens,
                                              const Deadline& deadline = {}) override;
  Tensor logits_of(const EmbeddedPrompts& prompts, const Tensor& tokens) override;
};

// Such a one with its prompts and their past. See LanguageNetwork::read().
class CausalDecoder : public AutoregressiveDecoder {
 public:
  CausalDecoder(CausalNetwork& network, EmbeddedPrompts prompts, int64_t max_tokens, const Deadline& deadline = {});

  Tensor start() override;                     // [P, V]
  Tensor step(const Tensor& tokens) override;  // [R, V]
  void reorder(const Tensor& rows) override;

 private:
  Tensor last_logits(const Tensor& embeddings);

  CausalNetwork& network_;
  EmbeddedPrompts prompts_;
  Deadline deadline_;
  KeyValueCache cache_;
};

}  // namespace omma
