// What is measured, one sub-command each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/command.h"

namespace omma::app {

void add_eval_detection(CLI::App& eval);
void add_eval_segmentation(CLI::App& eval);
void add_eval_caption(CLI::App& eval);
void add_eval_retrieval(CLI::App& eval);
void add_eval_matching(CLI::App& eval);
void add_eval_vqa(CLI::App& eval);
void add_eval_zeroshot(CLI::App& eval);
void add_eval_pope(CLI::App& eval);
void add_eval_instruct(CLI::App& eval);
void add_eval_agent(CLI::App& eval);

// --max-fault-share.
void add_fault_share_flag(CLI::App& command, double& max_fault_share);
// --class NAME=PHRASE, once for each class of the files that has a phrase of its own.
void add_class_flag(CLI::App& command, std::vector<std::string>& pairs);
std::map<std::string, std::string> parse_class_phrases(const std::vector<std::string>& pairs);

// On stdout, as one line of JSON or as tables.
void print_figures(const json& figures, bool as_line);

}  // namespace omma::app
