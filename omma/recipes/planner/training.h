// Training of a planner: a small LLaMA that learns from an oracle's traces what to think, which tool to call and what to answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/llama.h"
#include "omma/nn/torch.h"
#include "omma/recipes/planner/trace.h"
#include "omma/text/tokenizer.h"
#include "omma/train/training_task.h"

namespace omma {

struct PlannerTaskConfig {
  LlamaConfig model;                         // vocab_size comes from the tokenizer
  std::vector<std::string> initial_weights;  // safetensors files or model directories: every tensor whose name and shape fit, and
                                             // of a directory's tokens those known here
  int64_t batch = 32;                        // traces
  int64_t slices = 4;                        // passes of a batch, each over traces of similar length
  int64_t max_tokens = 640;                  // longer traces are left out
  int64_t validation_traces = 400;

  template <class Fields>
  void fields(Fields& field) {
    field("model", model);
    field("initial_weights", initial_weights);
    field("batch", batch, Range{1, 4096});
    field("slices", slices, Range{1, 64});
    field("max_tokens", max_tokens, Range{16, 1 << 16});
    field("validation_traces", validation_traces, Range{1, 1e6});
  }
};

// A trace as the model reads it. The loss counts the tokens that the planner writes; what the loop writes is only read.
struct PlannerSample {
  std::vector<int64_t> ids;           // ends with the end token
  std::vector<std::uint8_t> learned;  // 1 where ids[i] is the planner's to write
};
PlannerSample tokenize(const PlannerTrace& trace, const Tokenizer& tokenizer);

class PlannerTask : public TrainingTask {
 public:
  // `seed` chooses the traces; those of validation are never trained on.
  PlannerTask(const PlannerTaskConfig& config, std::uint64_t seed);

  torch::nn::Module& module() override { return *model_; }
  PreparedStep prepare(int64_t number) const override;
  int64_t batch_size() const override { return config_.batch; }
  // "loss", and for each skill the share of traces whose every token of the planner's is the model's first choice.
  json validate() override;
  // A LLaMA directory in fp16 that asks for the compact agent format.
  void save_model(const std::filesystem::path& directory) override;

 private:
  std::vector<PlannerSample> draw_batch(int64_t number) const;

  PlannerTaskConfig config_;
  std::uint64_t seed_;
  json tokenizer_json_;
  Tokenizer tokenizer_;
  LlamaForCausalLM model_{nullptr};
};

}  // namespace omma
