// Pascal VOC's files: lists of names, and one XML a picture. What readers of boxes and of masks share. Not part of the interface.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/picture_finder.h"
#include "omma/io/image_file.h"

namespace omma {

struct VocObject {
  std::string name;                            // of its class; "" where it has none
  std::optional<std::array<double, 4>> edges;  // x0, y0, x1, y1
  std::string fault;                           // why there are none
  bool difficult = false;
};

struct VocAnnotation {
  ImageSize size;  // a side of 0: not told
  std::string filename;
  std::vector<VocObject> objects;
};

// ROOT/Annotations/NAME.xml. Throws std::invalid_argument where it is missing or no annotation.
VocAnnotation read_voc_annotation(const std::filesystem::path& root, const std::string& name);

// Where names stand, and the files that they name.
struct VocNaming {
  std::vector<std::filesystem::path> lists;  // folders of SPLIT.txt, in the root
  std::filesystem::path folder;              // in the root
  std::string extension;                     // ".xml"
};

// The names of a split as the files have them, where there is none as the list has it; all files' for "". Throws
// std::invalid_argument where no list is there.
std::vector<std::string> voc_names(const std::filesystem::path& root, std::string_view split, const VocNaming& naming);

// A name's picture. <filename> is often wrong in data that was renamed: the annotation's own name comes first.
std::filesystem::path find_voc_picture(const std::filesystem::path& images, PictureFinder& finder, const std::string& name,
                                       const std::string& filename);

}  // namespace omma
