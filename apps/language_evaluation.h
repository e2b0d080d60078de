// What the evaluations share of what a model says about the pictures of a data set.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apps/command.h"
#include "omma/data/dataset_report.h"

namespace omma::app {

struct LanguageEvalOptions : CommonOptions {
  std::string data = "world:", split = "val";
  std::size_t count = 0;
  int batch = 16;
  double max_fault_share = .05;
  std::filesystem::path answers;
};

// --data, --split, --count, --answers, --max-fault-share, --batch and the model's.
void add_data_flags(CLI::App& command, LanguageEvalOptions& options, const std::string& kinds);

void add_ask_short_flag(CLI::App& command, bool& ask_short);

// Takes the common flags into use and finds the model. Where the answers cannot be written is told before the work.
std::filesystem::path prepare(const LanguageEvalOptions& options, std::string_view task, const std::filesystem::path& choices = {});

// `data`: the data set's faults; `left_out`: what came to them since.
void report(json figures, const std::vector<json>& lines, const std::filesystem::path& model, DatasetReport data,
            const DatasetReport& left_out, const LanguageEvalOptions& options);

}  // namespace omma::app
