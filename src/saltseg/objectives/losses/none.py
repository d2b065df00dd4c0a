"""No loss: what `train.second_loss` says where one loss is used to the end."""
