// A recipe: one JSON object that is a whole training run. The Trainer reads the fields below; the task named by "task" reads the
// rest. Fields that neither knows are refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/json.h"
#include "omma/train/schedule.h"

namespace omma {

// Parameters whose name contains `pattern`; the first group that fits counts.
struct ParameterGroupConfig {
  std::string pattern;
  double learning_rate = 1;  // factor; 0 freezes
  double weight_decay = 1;   // factor

  template <class Fields>
  void fields(Fields& field) {
    field("pattern", pattern);
    field("learning_rate", learning_rate, Range{0, 1000});
    field("weight_decay", weight_decay, Range{0, 1000});
  }
};

struct TrainerConfig {
  std::string task;
  uint64_t seed = 0;
  int64_t steps = 1000;
  int64_t accumulate = 1;  // batches whose gradients are averaged into one step
  double learning_rate = 1e-4;
  double weight_decay = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double clip_norm = 0;  // of the gradient of all parameters; 0: no clipping
  ScheduleConfig schedule;
  std::vector<ParameterGroupConfig> parameter_groups;
  double ema_decay = 0;  // of the averaged weights that are validated and saved; 0: none
  bool bf16 = false;     // autocast
  // How the run is carried out; may change when it is resumed.
  double max_minutes = 0;  // stops cleanly after this much training time; 0: no limit
  double checkpoint_minutes = 5;
  int64_t validate_every = 0;  // steps; 0: at the end only
  int64_t log_every = 20;
  int64_t loader_threads = 1;
  int64_t threads = 0;  // of LibTorch's operators; 0: what the machine allows
  std::string device = "cpu";

  template <class Fields>
  void fields(Fields& field) {
    field("task", task);
    field("seed", seed, Range{0, 9e15});
    field("steps", steps, Range{1, 1e9});
    field("accumulate", accumulate, Range{1, 4096});
    field("learning_rate", learning_rate, Range{0, 10});
    field("weight_decay", weight_decay, Range{0, 10});
    field("beta1", beta1, Range{0, 1});
    field("beta2", beta2, Range{0, 1});
    field("clip_norm", clip_norm, Range{0, 1e9});
    field("schedule", schedule);
    field("parameter_groups", parameter_groups);
    field("ema_decay", ema_decay, Range{0, 1});
    field("bf16", bf16);
    field("max_minutes", max_minutes, Range{0, 1e6});
    field("checkpoint_minutes", checkpoint_minutes, Range{0, 1e6});
    field("validate_every", validate_every, Range{0, 1e9});
    field("log_every", log_every, Range{1, 1e9});
    field("loader_threads", loader_threads, Range{1, 256});
    field("threads", threads, Range{0, 1024});
    field("device", device);
  }
};

// Reads a recipe file and applies `key=value` overrides in order. A key may be a path ("schedule.kind"), a value is JSON or, where
// it is not, a string. Throws std::invalid_argument naming the file or the override.
json read_recipe(const std::filesystem::path& file, std::span<const std::string> overrides = {});

// Splits a recipe into the Trainer's part and the task's; `task_fields` is read strictly: every field must be known to one of them.
template <class TaskConfig>
std::pair<TrainerConfig, TaskConfig> split_recipe(const json& recipe, std::string_view where) {
  check(recipe.is_object(), "{}: expected a JSON object, got {}", where, recipe.type_name());
  const json known = write_config(TrainerConfig{});
  json trainer = json::object(), task = json::object();
  for (const auto& [key, value] : recipe.items()) (known.contains(key) ? trainer : task)[key] = value;
  return {read_config<TrainerConfig>(trainer, where, UnknownFields::reject),
          read_config<TaskConfig>(task, where, UnknownFields::reject)};
}

// The fields in which two recipes differ, "key: 1, here 2", but for those that say how a run is carried out, and steps that grew.
std::vector<std::string> recipe_differences(const json& recorded, const json& here);

}  // namespace omma
