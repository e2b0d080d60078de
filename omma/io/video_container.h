// A video file's packets, and which frames they say there are. Not part of the interface: see video_file.h.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "omma/io/clip_reader.h"
#include "omma/io/ffmpeg_pointers.h"

namespace omma {

struct FrameTable {
  struct Frame {
    std::int64_t time = 0;  // presentation time stamp, in the stream's unit
    std::int64_t key = -1;  // among `keys`: where decoding has to begin; -1: at the file's beginning
  };
  struct Key {
    std::int64_t time = 0;   // of the key frame
    std::int64_t order = 0;  // its decoding time stamp, by which containers are searched
  };
  std::vector<Frame> frames;       // by time, no time twice
  std::vector<Key> keys;           // as they come in the file
  std::int64_t last_duration = 0;  // of the last frame; 0: not told
};

// The largest stream of pictures of a container.
class VideoContainer {
 public:
  // Throws std::invalid_argument where there is none within the limits.
  VideoContainer(std::shared_ptr<const ByteSource> source, const DecodingBudget& budget);
  ~VideoContainer();
  VideoContainer(const VideoContainer&) = delete;
  VideoContainer& operator=(const VideoContainer&) = delete;

  const std::shared_ptr<const ByteSource>& source() const { return source_; }
  AVStream& stream() const { return *stream_; }
  AVRational pixel_aspect() const;
  int orientation() const;  // EXIF's number

  // The stream's next packet; false at the end.
  bool read(AVPacket& packet);

  // All packets are read, and none decoded.
  FrameTable find_frames();

  // Goes to where read() gives the packet of this key frame, or the file's first one where that is null or not to be found.
  void seek(const FrameTable::Key* key);

  [[noreturn]] void refuse(int error) const;  // by FFmpeg's number

  static std::int64_t time_of(const AVPacket& packet) { return packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts; }

 private:
  class Bytes;

  void open();
  void choose_stream();
  bool finds(const FrameTable::Key& key);

  const DecodingBudget& budget_;
  std::shared_ptr<const ByteSource> source_;
  std::unique_ptr<Bytes> bytes_;
  ffmpeg::Container container_;
  AVStream* stream_ = nullptr;
  ffmpeg::Packet found_;  // which read() gives next, where it is not empty
};

}  // namespace omma
