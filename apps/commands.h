// The program's commands, one file each.
#pragma once

#include <CLI/CLI.hpp>

namespace omma::app {

void add_caption(CLI::App& app);
void add_match(CLI::App& app);
void add_ask(CLI::App& app);
void add_chat(CLI::App& app);
void add_detect(CLI::App& app);
void add_segment(CLI::App& app);
void add_annotate(CLI::App& app);
void add_agent(CLI::App& app);
void add_bootstrap(CLI::App& app);
void add_instruct(CLI::App& app);
void add_render(CLI::App& app);
void add_train(CLI::App& app);
void add_eval(CLI::App& app);
void add_validate(CLI::App& app);
void add_convert(CLI::App& app);
void add_quantize(CLI::App& app);
void add_inspect(CLI::App& app);
void add_list(CLI::App& app);
void add_pull(CLI::App& app);

}  // namespace omma::app
