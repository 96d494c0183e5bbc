// Tests of the layers land here.
