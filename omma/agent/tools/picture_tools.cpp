#include "omma/agent/tools/picture_tools.h"

#include "omma/agent/tools/describe_image.h"
#include "omma/agent/tools/detect_objects.h"
#include "omma/agent/tools/segment_object.h"

namespace omma {

Toolbox picture_tools(const PictureModels& models, const std::shared_ptr<const Image>& image) {
  Toolbox tools;
  const auto finder = models.detector ? std::make_shared<ObjectFinder>(models.detector, image) : nullptr;
  if (finder) tools.add(detect_objects_tool(finder));
  if (models.captioner || models.answerer) tools.add(describe_image_tool(models.captioner, models.answerer, image));
  if (finder && models.segmenter) tools.add(segment_object_tool(finder, models.segmenter));
  return tools;
}

}  // namespace omma
