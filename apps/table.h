// Results for people: aligned columns on stdout.
#pragma once

#include <string>
#include <vector>

#include "omma/base/json.h"

namespace omma::app {

using Table = std::vector<std::vector<std::string>>;  // rows of cells; rows may differ in length

// The first column to the left, the others to the right.
std::string table_text(const Table& rows);

// Figures of an evaluation: a line each, objects as tables with their keys as columns. "-" stands for null: there was nothing to
// judge.
std::string figures_text(const json& figures);

}  // namespace omma::app
