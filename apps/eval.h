// What is measured, one sub-command each.
#pragma once

#include "apps/command.h"

namespace omma::app {

void add_eval_detection(CLI::App& eval);
void add_eval_caption(CLI::App& eval);
void add_eval_retrieval(CLI::App& eval);
void add_eval_matching(CLI::App& eval);
void add_eval_vqa(CLI::App& eval);
void add_eval_agent(CLI::App& eval);

// --max-fault-share.
void add_fault_share_flag(CLI::App& command, double& max_fault_share);

// On stdout, as one line of JSON or as tables.
void print_figures(const json& figures, bool as_line);

}  // namespace omma::app
