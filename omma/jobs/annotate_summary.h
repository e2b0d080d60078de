// What annotating did with all pictures together, and examples of it. Not part of the interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/annotated_picture.h"
#include "omma/jobs/contact_sheet.h"

namespace omma {

class AnnotateSummary {
 public:
  explicit AnnotateSummary(std::vector<std::string> classes);

  void add(const AnnotatedPicture& picture);
  void add_shard(const json& manifest);  // its failures and its time

  // {"pictures", "empty", "objects", "masks", "classes", "failures", "seconds"}; see docs/formats.md.
  json to_json() const;

  // A row for each class, for pictures without objects and for failures; `read` gives an example's picture.
  Image draw(const std::function<Image(const AnnotatedPicture&)>& read) const;

 private:
  static constexpr std::size_t max_examples = 6, max_rows = 20;
  struct Group {
    std::int64_t objects = 0, pictures = 0;
    std::map<std::uint64_t, AnnotatedPicture> examples = {};  // drawn evenly, the same ones whatever the order and the shards
    void add(const AnnotatedPicture& picture);
  };
  ContactCard card_of(const AnnotatedPicture& picture, const std::function<Image(const AnnotatedPicture&)>& read) const;

  std::vector<std::string> classes_;
  std::vector<Group> groups_;  // of the classes
  Group empty_;
  std::int64_t pictures_ = 0, objects_ = 0, masks_ = 0, failures_ = 0;
  double seconds_ = 0;
  json failure_list_ = json::array();
};

}  // namespace omma
