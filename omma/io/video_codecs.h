// Not part of the interface: see video_file.h.
#pragma once

namespace omma {

// The decoders that are used, by FFmpeg's names: fewer for files from outside to find a fault in.
inline constexpr const char* video_codecs =
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,mpeg1video,mpeg2video,mpeg4,msmpeg4,mjpeg,gif,ffv1,huffyuv,prores,rawvideo,png,flv,"
    "h263";

}  // namespace omma
