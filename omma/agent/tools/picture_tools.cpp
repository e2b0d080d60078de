#include "omma/agent/tools/picture_tools.h"

#include "omma/agent/tools/describe_image.h"
#include "omma/agent/tools/detect_objects.h"

namespace omma {

Toolbox picture_tools(const PictureModels& models, const std::shared_ptr<const Image>& image) {
  Toolbox tools;
  if (models.detector) tools.add(detect_objects_tool(models.detector, image));
  if (models.captioner || models.answerer) tools.add(describe_image_tool(models.captioner, models.answerer, image));
  return tools;
}

}  // namespace omma
