// The one training loop. A run's directory holds:
//   recipe.json             what is trained, overrides applied
//   log.jsonl               {"step", "loss", ...} every `log_every` steps, {"step", "validation"} after each validation
//   checkpoint.safetensors  the whole state, from time to time and at the end
//   model/                  the model as predictors load it, after each validation and at the end
//   outcome.json            how it ended, once the steps are done or the time is up; absent while there is more to do
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "omma/base/json.h"
#include "omma/train/collective.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

struct TrainingOptions {
  std::filesystem::path out;          // made if absent; one run at a time (DirectoryLock)
  bool resume = false;                // go on from out's checkpoint; without it, a directory with a checkpoint is refused
  std::optional<int64_t> stop_after;  // steps in all after which to stop as on a signal
  // With W processes the batch is W times the task's: rank r prepares the batches r, W + r, 2 W + r ..., gradients are averaged.
  // Rank 0 alone writes, validates and reports; all read the checkpoint of a resumed run. Null: one process.
  Collective* collective = nullptr;
};

struct TrainingOutcome {
  enum class End {
    finished,  // all steps done
    time_up,   // max_minutes spent
    stopped,   // a StopRequest or stop_after; a checkpoint is there to resume from
  };
  End end = End::finished;
  int signal = 0;  // that stopped it; of several processes, where another got one: SIGTERM
  int64_t step = 0;
  double loss = 0;     // smoothed
  double seconds = 0;  // of training, over all resumed parts
  json validation = json::object();
  std::string data_faults;  // of all data, in a line
};

std::string_view name_of(TrainingOutcome::End end);
json to_json(const TrainingOutcome& outcome);  // "stopped" is the name of its end

std::filesystem::path checkpoint_file(const std::filesystem::path& out);
std::filesystem::path outcome_file(const std::filesystem::path& out);

// Trains until the steps are done, the time is up or a signal asks to stop; in each case the state is checkpointed. On one CPU
// thread (recipe: threads 1) a resumed run repeats the uninterrupted one bit for bit.
//
// `recipe` is written beside the checkpoint and compared on resume, where its steps may have grown. Throws std::invalid_argument
// for the caller's mistakes (a busy directory, a checkpoint of another run), std::runtime_error where the loss or a gradient is not
// finite or the disk refuses: the last good checkpoint stays as it is. What a batch's preparation throws ends the run likewise.
TrainingOutcome train(TrainingTask& task, const TrainerConfig& config, const json& recipe, const TrainingOptions& options);

}  // namespace omma
