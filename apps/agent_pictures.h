// What an agent's steps found, as pictures.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/react.h"
#include "omma/vision/image.h"

namespace omma::app {

// The picture with the masks and the boxes of all steps, each kind of object in its own colour.
void write_steps_overlay(const std::filesystem::path& file, const Image& image, std::span<const AgentStep> steps, bool with_labels);

// Each object that was cut out, as a PNG with alpha in the overlay's folder: "photo-blue-dog.png", of several "photo-car-1.png",
// the largest first, beside "photo.png". Files of those names are replaced.
void write_cutouts(const std::filesystem::path& overlay, const Image& image, std::span<const AgentStep> steps);

// A label from anywhere as a part of a file's name: letters and digits of any script, at most 60 bytes, with dashes in place of all
// else; "object" where nothing is left.
std::string file_name_part(std::string_view label);

}  // namespace omma::app
