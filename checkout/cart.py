class Cart:
    def __init__(self, session):
        self.count = 0
