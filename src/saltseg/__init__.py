"""Which encoder finds salt in seismic tiles? A pipeline that answers it reproducibly."""
